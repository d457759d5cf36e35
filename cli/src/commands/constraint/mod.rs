//! `rhapsody constraint ...`

mod colocation;
mod config;
mod location;
mod order;
mod reference;
mod remove;
mod rule;
mod set;

pub use rule::warn_many_words;

use super::{Noun, Verb};

const CONFIG: &[&str] = &["-f", "--all", "--full", "--output-format"];
const BOTH: &[&str] = &["-f", "--all", "--dry-run", "--force", "--full", "--output-format"];
const CHANGE: &[&str] = &["-f", "--dry-run", "--force"];

pub const NOUN: Noun = Noun {
    name: "constraint",
    about: "manage resource constraints",
    verbs: &[
        Verb { words: "", usage: "[--full] [--all]\nShow constraints.", options: CONFIG, run: config::all },
        Verb {
            words: "config",
            usage: "[--full] [--all] [--output-format text|cmd|json]\nShow constraints.",
            options: CONFIG,
            run: config::all,
        },
        Verb {
            words: "list",
            usage: "[--full] [--all]\nThe same as 'constraint config'.",
            options: CONFIG,
            run: config::list,
        },
        Verb {
            words: "location",
            usage: "<resource> prefers|avoids <node>[=<score>] ... | rule [options] <rule>\nSay where a resource shall run, or shall not.",
            options: BOTH,
            run: location::run,
        },
        Verb {
            words: "location add",
            usage: "<id> <resource> <node> score=<score> [resource-discovery=<option>]\nAdd a location constraint with an id.",
            options: CHANGE,
            run: location::add,
        },
        Verb {
            words: "location config",
            usage: "[resources [<resource>...] | nodes [<node>...]] [--full] [--all]\nShow location constraints.",
            options: CONFIG,
            run: config::location,
        },
        Verb {
            words: "location remove",
            usage: "<id>...\nRemove location constraints.",
            options: CHANGE,
            run: remove::location,
        },
        Verb {
            words: "location delete",
            usage: "<id>...\nRemove location constraints.",
            options: CHANGE,
            run: remove::location,
        },
        Verb {
            words: "order",
            usage: "[action] <resource id> then [action] <resource id> [options]\nSay in which order resources start and stop.",
            options: BOTH,
            run: order::run,
        },
        Verb {
            words: "order config",
            usage: "[--full] [--output-format text|cmd|json]\nShow order constraints.",
            options: CONFIG,
            run: config::order,
        },
        Verb {
            words: "order remove",
            usage: "<resource>...\nTake resources out of order constraints.",
            options: CHANGE,
            run: remove::order,
        },
        Verb {
            words: "order delete",
            usage: "<resource>...\nTake resources out of order constraints.",
            options: CHANGE,
            run: remove::order,
        },
        Verb {
            words: "colocation add",
            usage: "[role] <resource id> with [role] <resource id> [score=<score>] [options]\nKeep resources together, or apart.",
            options: CHANGE,
            run: colocation::add,
        },
        Verb {
            words: "colocation config",
            usage: "[--full] [--output-format text|cmd|json]\nShow colocation constraints.",
            options: CONFIG,
            run: config::colocation,
        },
        Verb {
            words: "colocation remove",
            usage: "<resource id> <resource id>\nRemove colocations of two resources.",
            options: CHANGE,
            run: colocation::remove,
        },
        Verb {
            words: "colocation delete",
            usage: "<resource id> <resource id>\nRemove colocations of two resources.",
            options: CHANGE,
            run: colocation::remove,
        },
        Verb {
            words: "ticket config",
            usage: "[--full] [--output-format text|cmd|json]\nShow ticket constraints.",
            options: CONFIG,
            run: config::ticket,
        },
        Verb {
            words: "remove",
            usage: "<constraint id>...\nRemove constraints or their rules by id.",
            options: CHANGE,
            run: remove::by_id,
        },
        Verb {
            words: "delete",
            usage: "<constraint id>...\nRemove constraints or their rules by id.",
            options: CHANGE,
            run: remove::by_id,
        },
        Verb {
            words: "order set",
            usage: "<resource>... [options] [set <resource>... [options]] [setoptions <options>]\nOrder sets of resources.",
            options: CHANGE,
            run: set::order,
        },
        Verb {
            words: "colocation",
            usage: "[--full]\nShow colocation constraints.",
            options: CONFIG,
            run: config::colocation,
        },
        Verb {
            words: "colocation set",
            usage: "<resource>... [options] [set <resource>... [options]] [setoptions <options>]\nKeep sets of resources together, or apart.",
            options: CHANGE,
            run: set::colocation,
        },
        Verb {
            words: "ticket",
            usage: "[--full]\nShow ticket constraints.",
            options: CONFIG,
            run: config::ticket,
        },
        Verb {
            words: "ticket add",
            usage: "<ticket> [<role>] <resource id> [<options>] [id=<constraint-id>]\nMake a resource depend on a ticket.",
            options: CHANGE,
            run: set::ticket_add,
        },
        Verb {
            words: "ticket set",
            usage: "<resource>... [options] [set <resource>... [options]] setoptions ticket=<ticket> [options]\nMake sets of resources depend on a ticket.",
            options: CHANGE,
            run: set::ticket,
        },
        Verb {
            words: "ticket remove",
            usage: "<ticket> <resource id>\nRemove ticket constraints of a resource.",
            options: CHANGE,
            run: set::ticket_remove,
        },
        Verb {
            words: "ticket delete",
            usage: "<ticket> <resource id>\nRemove ticket constraints of a resource.",
            options: CHANGE,
            run: set::ticket_remove,
        },
        Verb {
            words: "ref",
            usage: "<resource>...\nShow the constraints in which a resource occurs.",
            options: &["-f"],
            run: reference::run,
        },
    ],
};
