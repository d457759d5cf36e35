//! `rhapsody constraint ...`

mod colocation;
mod config;
mod location;
mod order;
mod remove;

use super::{Noun, Verb};

const CONFIG: &[&str] = &["-f", "--all", "--full", "--output-format"];
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
            usage: "<resource> prefers|avoids <node>[=<score>] ...\nSay where a resource shall run, or shall not.",
            options: CHANGE,
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
            options: CHANGE,
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
    ],
};
