//! `rhapsody resource ...`

mod bundle;
pub mod cleanup;
mod clone;
pub mod config;
mod configured;
mod create;
mod debug;
pub mod defaults;
pub mod describe;
pub mod failcount;
mod group;
mod moving;
mod relations;
mod relocate;
pub mod remove;
pub mod status;
mod switch;
mod utilization;
mod why;

pub mod update;

use configured::refuse_stonith;
pub use configured::{configured, ids, is_stonith};
pub use group::adjacent;

use super::{Noun, Verb};

pub const NOUN: Noun = Noun {
    name: "resource",
    about: "manage cluster resources",
    verbs: &[
        Verb {
            words: "create",
            usage: "<resource id> [<standard>:[<provider>:]]<type> [resource options] [op <operation action> <operation options> \
                    [<operation action> <operation options>]...] [meta <meta options>] [clone [<clone id>] [meta <clone meta options>] | \
                    promotable [<clone id>] [meta <clone meta options>] | group <group id> [before|after <resource id>] | \
                    bundle <bundle id>] [--disabled] [--no-default-ops] [--agent-validation] [--future] [--wait[=n]]\n\
                    Create a resource.",
            options: &[
                "-f",
                "--force",
                "--after",
                "--agent-validation",
                "--before",
                "--disabled",
                "--dry-run",
                "--future",
                "--group",
                "--no-default-ops",
                "--wait",
            ],
            run: create::run,
        },
        Verb {
            words: "config",
            usage: "[<resource id>]... [--output-format text|cmd|json]\nShow how resources are configured.",
            options: &["-f", "--output-format"],
            run: config::run,
        },
        Verb {
            words: "delete",
            usage: "<resource id>...\nRemove resources with everything that depends on them.",
            options: &["-f", "--force", "--dry-run", "--no-stop", "--wait"],
            run: remove::run,
        },
        Verb {
            words: "remove",
            usage: "<resource id>...\nRemove resources with everything that depends on them.",
            options: &["-f", "--force", "--dry-run", "--no-stop", "--wait"],
            run: remove::run,
        },
        Verb {
            words: "enable",
            usage: "<resource id | tag id>... [--wait[=n]]\nLet resources start.",
            options: &["-f", "--dry-run", "--wait"],
            run: switch::enable,
        },
        Verb {
            words: "disable",
            usage: "<resource id | tag id>... [--safe [--brief] [--no-strict]] [--simulate [--brief]] [--wait[=n]]\nStop resources and keep them stopped.",
            options: &[
                "-f",
                "--brief",
                "--dry-run",
                "--force",
                "--no-strict",
                "--safe",
                "--simulate",
                "--wait",
            ],
            run: switch::disable,
        },
        Verb {
            words: "manage",
            usage: "<resource id | tag id>... [--monitor]\nLet the cluster start and stop resources again.",
            options: &["-f", "--dry-run", "--monitor"],
            run: switch::manage,
        },
        Verb {
            words: "unmanage",
            usage: "<resource id | tag id>... [--monitor]\nKeep the cluster from starting and stopping resources.",
            options: &["-f", "--dry-run", "--monitor"],
            run: switch::unmanage,
        },
        Verb {
            words: "update",
            usage: "<resource id> [resource options] [op [<operation action> <operation options>]...] [meta <meta options>] [--wait[=n]]\nChange a resource; an empty value removes an option.",
            options: &["-f", "--agent-validation", "--dry-run", "--force", "--wait"],
            run: update::update,
        },
        Verb {
            words: "meta",
            usage: "<resource id> <meta options> [--wait[=n]]\nChange meta attributes; an empty value removes one.",
            options: &["-f", "--dry-run", "--force", "--wait"],
            run: update::meta,
        },
        Verb {
            words: "op add",
            usage: "<resource id> <operation action> [operation properties]\nAdd an operation.",
            options: &["-f", "--dry-run", "--force"],
            run: update::op_add,
        },
        Verb {
            words: "op delete",
            usage: "<operation id> | <resource id> <operation action> [<operation properties>]\nRemove operations.",
            options: &["-f", "--dry-run", "--force"],
            run: update::op_remove,
        },
        Verb {
            words: "op remove",
            usage: "<operation id> | <resource id> <operation action> [<operation properties>]\nRemove operations.",
            options: &["-f", "--dry-run", "--force"],
            run: update::op_remove,
        },
        Verb {
            words: "clone",
            usage: "<resource id | group id> [<clone id>] [meta <clone meta options>] [--wait[=n]]\nRun a resource on many nodes.",
            options: &["-f", "--dry-run", "--force", "--wait"],
            run: clone::clone,
        },
        Verb {
            words: "promotable",
            usage: "<resource id | group id> [<clone id>] [meta <clone meta options>] [--wait[=n]]\nRun a resource on many nodes, promoted on some.",
            options: &["-f", "--dry-run", "--force", "--wait"],
            run: clone::promotable,
        },
        Verb {
            words: "unclone",
            usage: "<clone id | resource id | group id> [--wait[=n]]\nTurn a clone back into what is inside of it.",
            options: &["-f", "--dry-run", "--wait"],
            run: clone::unclone,
        },
        Verb {
            words: "group remove",
            usage: "<group id> [resource id]... [--wait[=n]]\nTake resources (all by default) out of a group.",
            options: &["-f", "--dry-run", "--wait"],
            run: group::remove,
        },
        Verb {
            words: "group delete",
            usage: "<group id> [resource id]... [--wait[=n]]\nTake resources (all by default) out of a group.",
            options: &["-f", "--dry-run", "--wait"],
            run: group::remove,
        },
        Verb {
            words: "ungroup",
            usage: "<group id> [resource id]... [--wait[=n]]\nTake resources (all by default) out of a group.",
            options: &["-f", "--dry-run", "--wait"],
            run: group::remove,
        },
        Verb {
            words: "group list",
            usage: "\nShow groups and their members.",
            options: &["-f"],
            run: group::list,
        },
        Verb {
            words: "group add",
            usage: "<group id> <resource id> [resource id]... [--before <resource id> | --after <resource id>] [--wait[=n]]\n\
                    Put resources into a group, which is made when it does not exist.",
            options: &["-f", "--force", "--after", "--before", "--dry-run", "--wait"],
            run: group::add,
        },
        Verb {
            words: "defaults",
            usage: "[--all] [--full]\nShow defaults.",
            options: &["-f", "--all", "--full", "--no-expire-check", "--output-format"],
            run: |context, words| defaults::config(context, words, defaults::Of::Resources),
        },
        Verb {
            words: "defaults config",
            usage: "[--all] [--full] [--output-format text|cmd|json]\nShow defaults.",
            options: &["-f", "--all", "--full", "--no-expire-check", "--output-format"],
            run: |context, words| defaults::config(context, words, defaults::Of::Resources),
        },
        Verb {
            words: "defaults update",
            usage: "<name>=[<value>]...\nSet defaults; an empty value removes one.",
            options: &["-f", "--dry-run", "--force"],
            run: |context, words| defaults::update(context, words, defaults::Of::Resources),
        },
        Verb {
            words: "defaults set create",
            usage: "[<set options>] [meta [<name>=<value>]...] [rule <expression>]\nMake a set of defaults.",
            options: &["-f", "--dry-run", "--force"],
            run: |context, words| defaults::create(context, words, defaults::Of::Resources),
        },
        Verb {
            words: "defaults set delete",
            usage: "<set id>...\nRemove sets of defaults.",
            options: &["-f", "--dry-run", "--force"],
            run: |context, words| defaults::remove(context, words, defaults::Of::Resources),
        },
        Verb {
            words: "defaults set remove",
            usage: "<set id>...\nRemove sets of defaults.",
            options: &["-f", "--dry-run", "--force"],
            run: |context, words| defaults::remove(context, words, defaults::Of::Resources),
        },
        Verb {
            words: "defaults set update",
            usage: "<set id> [meta [<name>=<value>]...]\nChange a set of defaults.",
            options: &["-f", "--dry-run", "--force"],
            run: |context, words| defaults::set_update(context, words, defaults::Of::Resources),
        },
        Verb {
            words: "op defaults",
            usage: "[--all] [--full]\nShow defaults.",
            options: &["-f", "--all", "--full", "--no-expire-check", "--output-format"],
            run: |context, words| defaults::config(context, words, defaults::Of::Operations),
        },
        Verb {
            words: "op defaults config",
            usage: "[--all] [--full] [--output-format text|cmd|json]\nShow defaults.",
            options: &["-f", "--all", "--full", "--no-expire-check", "--output-format"],
            run: |context, words| defaults::config(context, words, defaults::Of::Operations),
        },
        Verb {
            words: "op defaults update",
            usage: "<name>=[<value>]...\nSet defaults; an empty value removes one.",
            options: &["-f", "--dry-run", "--force"],
            run: |context, words| defaults::update(context, words, defaults::Of::Operations),
        },
        Verb {
            words: "op defaults set create",
            usage: "[<set options>] [meta [<name>=<value>]...] [rule <expression>]\nMake a set of defaults.",
            options: &["-f", "--dry-run", "--force"],
            run: |context, words| defaults::create(context, words, defaults::Of::Operations),
        },
        Verb {
            words: "op defaults set delete",
            usage: "<set id>...\nRemove sets of defaults.",
            options: &["-f", "--dry-run", "--force"],
            run: |context, words| defaults::remove(context, words, defaults::Of::Operations),
        },
        Verb {
            words: "op defaults set remove",
            usage: "<set id>...\nRemove sets of defaults.",
            options: &["-f", "--dry-run", "--force"],
            run: |context, words| defaults::remove(context, words, defaults::Of::Operations),
        },
        Verb {
            words: "op defaults set update",
            usage: "<set id> [meta [<name>=<value>]...]\nChange a set of defaults.",
            options: &["-f", "--dry-run", "--force"],
            run: |context, words| defaults::set_update(context, words, defaults::Of::Operations),
        },
        Verb {
            words: "bundle create",
            usage: "<bundle id> container <container type> [<container options>] [network <network options>] [port-map <port options>]... [storage-map <storage options>]... [meta <meta options>] [--disabled]\nMake a bundle, a container that runs a resource.",
            options: &["-f", "--disabled", "--dry-run", "--force", "--wait"],
            run: bundle::create,
        },
        Verb {
            words: "bundle update",
            usage: "<bundle id> [container <container options>] [network <network options>] [port-map (add <port options>) | (delete | remove <id>...)]... [storage-map (add <storage options>) | (delete | remove <id>...)]... [meta <meta options>]\nChange a bundle.",
            options: &["-f", "--dry-run", "--force", "--wait"],
            run: bundle::update,
        },
        Verb {
            words: "bundle reset",
            usage: "<bundle id> [container <container options>] [network <network options>] [port-map <port options>]... [storage-map <storage options>]... [meta <meta options>] [--disabled]\nConfigure a bundle anew, its resource stays.",
            options: &["-f", "--disabled", "--dry-run", "--force", "--wait"],
            run: bundle::reset,
        },
        Verb {
            words: "ban",
            usage: "<resource id> [node] [--promoted] [lifetime=<lifetime>]\nKeep a resource away from a node.",
            options: &["-f", "--dry-run", "--expired", "--master", "--promoted", "--wait"],
            run: moving::ban,
        },
        Verb {
            words: "move-with-constraint",
            usage: "<resource id> [destination node] [--promoted] [lifetime=<lifetime>]\nMove a resource by a constraint that stays.",
            options: &["-f", "--dry-run", "--expired", "--master", "--promoted", "--wait"],
            run: moving::move_with_constraint,
        },
        Verb {
            words: "move",
            usage: "<resource id> [destination node] [--promoted] [--strict] [--wait[=n]]\nMove a resource off its node (to another one), and leave no constraint behind.",
            options: &["--autodelete", "--master", "--promoted", "--strict", "--wait"],
            run: moving::move_away,
        },
        Verb {
            words: "restart",
            usage: "<resource id> [node] [--wait=n]\nStop and start a resource; of a clone or bundle on one node only, if you name it.",
            options: &["--wait"],
            run: moving::restart,
        },
        Verb {
            words: "safe-disable",
            usage: "<resource id | tag id>... [--brief] [--no-strict] [--simulate [--brief]] [--wait[=n]] [--force]\nStop resources and keep them stopped, unless that would affect others.",
            options: &["--brief", "--force", "--no-strict", "--simulate", "--wait"],
            run: switch::safe_disable,
        },
        Verb {
            words: "relocate show",
            usage: "\nShow where resources run, and where they would run without stickiness.",
            options: &[],
            run: relocate::show,
        },
        Verb {
            words: "relocate dry-run",
            usage: "[<resource id>]...\nShow what 'relocate run' would move.",
            options: &["-f"],
            run: relocate::dry_run,
        },
        Verb {
            words: "relocate run",
            usage: "[<resource id>]...\nMove resources (all by default) to the nodes they would choose without stickiness.",
            options: &[],
            run: relocate::run,
        },
        Verb {
            words: "relocate clear",
            usage: "\nRemove constraints that a 'relocate run' has left behind.",
            options: &[],
            run: relocate::clear,
        },
        Verb {
            words: "failcount",
            usage: "[<resource id | stonith id>] [node=<node>] [operation=<operation> [interval=<interval>]] [--full]\nShow failures that the cluster remembers.",
            options: &["-f", "--full"],
            run: failcount::show,
        },
        Verb {
            words: "failcount show",
            usage: "[<resource id | stonith id>] [node=<node>] [operation=<operation> [interval=<interval>]] [--full]\nShow failures that the cluster remembers.",
            options: &["-f", "--full"],
            run: failcount::show,
        },
        Verb {
            words: "debug-start",
            usage: "<resource id> [--full]\nLet the agent start a resource on this node, whatever the cluster thinks of it, and show what it said.",
            options: &["--full"],
            run: |context, words| debug::run(context, words, "start"),
        },
        Verb {
            words: "debug-stop",
            usage: "<resource id> [--full]\nLet the agent stop a resource on this node, whatever the cluster thinks of it, and show what it said.",
            options: &["--full"],
            run: |context, words| debug::run(context, words, "stop"),
        },
        Verb {
            words: "debug-monitor",
            usage: "<resource id> [--full]\nLet the agent look at a resource on this node, whatever the cluster thinks of it, and show what it said.",
            options: &["--full"],
            run: |context, words| debug::run(context, words, "monitor"),
        },
        Verb {
            words: "debug-promote",
            usage: "<resource id> [--full]\nLet the agent promote a resource on this node, whatever the cluster thinks of it, and show what it said.",
            options: &["--full"],
            run: |context, words| debug::run(context, words, "promote"),
        },
        Verb {
            words: "debug-demote",
            usage: "<resource id> [--full]\nLet the agent demote a resource on this node, whatever the cluster thinks of it, and show what it said.",
            options: &["--full"],
            run: |context, words| debug::run(context, words, "demote"),
        },
        Verb {
            words: "clear",
            usage: "<resource id> [node] [--promoted] [--expired]\nRemove constraints made by move and ban.",
            options: &["-f", "--dry-run", "--expired", "--master", "--promoted", "--wait"],
            run: moving::clear,
        },
        Verb {
            words: "",
            usage: "\nShow the state of resources.",
            options: &["-f", "--hide-inactive"],
            run: status::resources,
        },
        Verb {
            words: "status",
            usage: "[<resource id | tag id>] [node=<node>] [--hide-inactive]\nShow the state of resources.",
            options: &["-f", "--hide-inactive"],
            run: status::resources,
        },
        Verb {
            words: "why",
            usage: "<resource id> [<node>] [--output-format text|json]\n\
                    Show why a resource is where it is: each node's score and where it comes from, each ban, what stands in the way.",
            options: &["-f", "--output-format"],
            run: why::run,
        },
        Verb {
            words: "utilization",
            usage: "[<resource id> [<name>=<value>]...]\nShow or set what resources need.",
            options: &["-f", "--dry-run"],
            run: utilization::run,
        },
        Verb {
            words: "relations",
            usage: "<resource id> [--full]\nShow what starts, stops or lives with a resource, as a tree.",
            options: &["-f", "--full"],
            run: relations::run,
        },
        Verb {
            words: "list",
            usage: "[filter] [--nodesc]\nShow the resource agents of this machine.",
            options: &["--nodesc"],
            run: describe::list,
        },
        Verb {
            words: "describe",
            usage: "[<standard>:[<provider>:]]<type> [--full]\nShow the options of a resource agent.",
            options: &["--full"],
            run: describe::resource,
        },
        Verb {
            words: "standards",
            usage: "\nShow the standards of resource agents.",
            options: &[],
            run: describe::standards,
        },
        Verb {
            words: "providers",
            usage: "\nShow the providers of OCF agents.",
            options: &[],
            run: describe::providers,
        },
        Verb {
            words: "agents",
            usage: "[standard[:provider]]\nShow resource agents.",
            options: &[],
            run: describe::agents,
        },
        Verb {
            words: "cleanup",
            usage: "[<resource id | stonith id>] [node=<node>] [operation=<operation> [interval=<interval>]] [--strict]\n\
                    Make the cluster forget failed operations of a resource, or of all, and look at its state again. A part of a group, \
                    or an instance of a clone or bundle, stands for the whole, unless --strict is given.",
            options: &["--strict"],
            run: cleanup::cleanup,
        },
        Verb {
            words: "refresh",
            usage: "[<resource id | stonith id>] [node=<node>] [--strict]\n\
                    Make the cluster forget the whole history of a resource, or of all, and look at its state again. A part of a group, \
                    or an instance of a clone or bundle, stands for the whole, unless --strict is given.",
            options: &["--strict"],
            run: cleanup::refresh,
        },
    ],
};
