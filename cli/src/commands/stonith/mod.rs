//! `rhapsody stonith ...`

mod config;
mod create;
mod fence;
mod history;
pub mod level;
mod level_edit;
mod sbd;
mod scsi;
mod update;

pub use level::print_after as print_levels_after;

use super::{Noun, Verb, resource};
use crate::Done;
use crate::context::Context;

pub const NOUN: Noun = Noun {
    name: "stonith",
    about: "configure fence devices",
    verbs: &[
        Verb {
            words: "",
            usage: "\nShow the state of fence devices.",
            options: &["-f", "--hide-inactive"],
            run: resource::status::stonith,
        },
        Verb {
            words: "status",
            usage: "[<stonith id | tag id>] [node=<node>] [--hide-inactive]\nShow the state of fence devices.",
            options: &["-f", "--hide-inactive"],
            run: resource::status::stonith,
        },
        Verb {
            words: "create",
            usage: "<stonith id> <stonith device type> [stonith device options] [op <operation action> <operation options>]... \
                    [meta <meta options>] [--disabled] [--no-default-ops] [--agent-validation] [--wait[=n]]\n\
                    Create a fence device.",
            options: &[
                "-f",
                "--force",
                "--agent-validation",
                "--disabled",
                "--dry-run",
                "--no-default-ops",
                "--wait",
            ],
            run: create::run,
        },
        Verb {
            words: "config",
            usage: "[<stonith id>]... [--output-format text|cmd|json]\nShow how fence devices are configured.",
            options: &["-f", "--output-format"],
            run: config::run,
        },
        Verb {
            words: "update",
            usage: "<stonith id> [stonith options] [op [<operation action> <operation options>]...] [meta <meta options>]\n\
                    Change a fence device; an empty value removes an option.",
            options: &["-f", "--agent-validation", "--dry-run", "--force", "--wait"],
            run: update::update,
        },
        Verb {
            words: "meta",
            usage: "<stonith id> <meta options>\nChange meta attributes of a fence device.",
            options: &["-f", "--dry-run", "--force", "--wait"],
            run: update::meta,
        },
        Verb {
            words: "delete",
            usage: "<stonith id>...\nRemove fence devices.",
            options: &["-f", "--force", "--dry-run", "--no-stop", "--wait"],
            run: |context, words| resource::remove::remove(context, words, true),
        },
        Verb {
            words: "remove",
            usage: "<stonith id>...\nRemove fence devices.",
            options: &["-f", "--force", "--dry-run", "--no-stop", "--wait"],
            run: |context, words| resource::remove::remove(context, words, true),
        },
        Verb {
            words: "enable",
            usage: "<stonith id>... [--wait[=n]]\nLet fence devices be used.",
            options: &["-f", "--dry-run", "--wait"],
            run: |context, words| update::switch(context, words, "enable"),
        },
        Verb {
            words: "disable",
            usage: "<stonith id>... [--wait[=n]]\nKeep fence devices from being used.",
            options: &["-f", "--dry-run", "--force", "--wait"],
            run: |context, words| update::switch(context, words, "disable"),
        },
        Verb {
            words: "op add",
            usage: "<stonith id> <operation action> [operation properties]\nAdd an operation.",
            options: &["-f", "--dry-run", "--force"],
            run: update::op_add,
        },
        Verb {
            words: "op delete",
            usage: "<operation id> | <stonith id> <operation action> [<operation properties>]\nRemove operations.",
            options: &["-f", "--dry-run", "--force"],
            run: update::op_remove,
        },
        Verb {
            words: "op remove",
            usage: "<operation id> | <stonith id> <operation action> [<operation properties>]\nRemove operations.",
            options: &["-f", "--dry-run", "--force"],
            run: update::op_remove,
        },
        Verb {
            words: "fence",
            usage: "<node> [--off]\nFence the node now; with --off it is switched off and stays off.",
            options: &["--off"],
            run: fence::fence,
        },
        Verb {
            words: "confirm",
            usage: "<node> [--yes]\n\
                    Tell the cluster that you have seen the node is powered off, for when its fence device cannot say so.",
            options: &["--force", "--yes"],
            run: fence::confirm,
        },
        Verb {
            words: "history",
            usage: "[<node>]\nShow which nodes were fenced, as the nodes that answer have seen it.",
            options: &[],
            run: history::show,
        },
        Verb {
            words: "history show",
            usage: "[<node>]\nShow which nodes were fenced, as the nodes that answer have seen it.",
            options: &[],
            run: history::show,
        },
        Verb {
            words: "history cleanup",
            usage: "[<node>]\nShow no fencing any more that was until now, or none of the node.",
            options: &[],
            run: history::cleanup,
        },
        Verb {
            words: "history update",
            usage: "\nGather the fencing history of all nodes. Showing it does so, too.",
            options: &[],
            run: history::update,
        },
        Verb {
            words: "failcount",
            usage: "[<resource id | stonith id>] [node=<node>] [operation=<operation> [interval=<interval>]] [--full]\nShow failures that the cluster remembers.",
            options: &["-f", "--full"],
            run: resource::failcount::show,
        },
        Verb {
            words: "failcount show",
            usage: "[<resource id | stonith id>] [node=<node>] [operation=<operation> [interval=<interval>]] [--full]\nShow failures that the cluster remembers.",
            options: &["-f", "--full"],
            run: resource::failcount::show,
        },
        Verb {
            words: "cleanup",
            usage: "[<stonith id>] [node=<node>] [operation=<operation> [interval=<interval>]] [--strict]\n\
                    The same as 'resource cleanup'.",
            options: &["--strict"],
            run: crate::commands::resource::cleanup::cleanup,
        },
        Verb {
            words: "refresh",
            usage: "[<stonith id>] [node=<node>] [--strict]\n\
                    The same as 'resource refresh'.",
            options: &["--strict"],
            run: crate::commands::resource::cleanup::refresh,
        },
        Verb {
            words: "list",
            usage: "[filter] [--nodesc]\nShow the fence agents of this machine.",
            options: &["--nodesc"],
            run: resource::describe::stonith_list,
        },
        Verb {
            words: "describe",
            usage: "<stonith agent> [--full]\nShow the options of a fence agent.",
            options: &["--full"],
            run: resource::describe::stonith,
        },
        Verb {
            words: "level",
            usage: "\nShow fencing levels.",
            options: &["-f", "--output-format"],
            run: level_edit::config,
        },
        Verb {
            words: "level config",
            usage: "[--output-format text|cmd|json]\nShow fencing levels.",
            options: &["-f", "--output-format"],
            run: level_edit::config,
        },
        Verb {
            words: "level add",
            usage: "<level> <target> <stonith id> [stonith id]... [id=<level id>]\nAdd a fencing level for a node, regexp%<pattern> or attrib%<name>=<value>.",
            options: &["-f", "--dry-run", "--force"],
            run: level_edit::add,
        },
        Verb {
            words: "level delete",
            usage: "<level> [target <target>] [stonith <stonith id>...]\nRemove fencing levels.",
            options: &["-f", "--dry-run"],
            run: level_edit::delete,
        },
        Verb {
            words: "level remove",
            usage: "<level> [target <target>] [stonith <stonith id>...]\nRemove fencing levels.",
            options: &["-f", "--dry-run"],
            run: level_edit::delete,
        },
        Verb {
            words: "level clear",
            usage: "[target <target> | stonith <stonith id>...]\nRemove all fencing levels, or those of a target or of devices.",
            options: &["-f", "--dry-run"],
            run: level_edit::clear,
        },
        Verb {
            words: "level verify",
            usage: "\nCheck that the nodes and devices of all levels exist.",
            options: &["-f"],
            run: level_edit::verify,
        },
        Verb {
            words: "sbd enable",
            usage: "[watchdog=<path>[@<node>]]... [device=<path>[@<node>]]... [<SBD option>=<value>]...\nRefused: sbd does not work with this cluster yet.",
            options: &["--force", "--no-watchdog-validation", "--skip-offline"],
            run: sbd::enable,
        },
        Verb {
            words: "sbd disable",
            usage: "\nKeep sbd from being started on the nodes.",
            options: &["--force", "--skip-offline"],
            run: sbd::disable,
        },
        Verb {
            words: "sbd status",
            usage: "[--full]\nShow whether sbd is installed, enabled and running on the nodes, and the messages on the devices of this one.",
            options: &["--full"],
            run: sbd::status,
        },
        Verb {
            words: "sbd config",
            usage: "\nShow how sbd is configured on the nodes.",
            options: &[],
            run: sbd::config,
        },
        Verb {
            words: "sbd local_config_in_json",
            usage: "\nShow how sbd is configured on this node, as JSON.",
            options: &[],
            run: sbd::local_config,
        },
        Verb {
            words: "sbd device setup",
            usage: "device=<path>... [watchdog-timeout=<seconds>] [allocate-timeout=<seconds>] [loop-timeout=<seconds>] [msgwait-timeout=<seconds>] --force\nMake devices usable for sbd; all that is on them is lost.",
            options: &["--force"],
            run: sbd::setup,
        },
        Verb {
            words: "sbd device message",
            usage: "<device> <node> <message>\nLeave a message for a node on a device: test, reset, off, crashdump, exit or clear.",
            options: &[],
            run: sbd::message,
        },
        Verb {
            words: "sbd watchdog list",
            usage: "\nShow the watchdogs of this host, without opening one.",
            options: &[],
            run: sbd::list,
        },
        Verb {
            words: "sbd watchdog test",
            usage: "[<watchdog>] --yes\nLet a watchdog reset this host at once.",
            options: &["--force", "--yes"],
            run: sbd::test,
        },
        Verb {
            words: "update-scsi-devices",
            usage: "<stonith id> (set <device>...) | (add <device>... delete <device>...)\nRefused: the devices of fence_scsi and fence_mpath cannot be changed while resources run yet.",
            options: &["--skip-offline"],
            run: scsi::update,
        },
        Verb {
            words: "defaults",
            usage: "...\nThe same as 'resource defaults'.",
            options: DEFAULTS,
            run: |context, words| resource_verb(context, &["defaults"], words),
        },
        Verb {
            words: "op defaults",
            usage: "...\nThe same as 'resource op defaults'.",
            options: DEFAULTS,
            run: |context, words| resource_verb(context, &["op", "defaults"], words),
        },
    ],
};

/// What any of the commands of defaults takes.
const DEFAULTS: &[&str] =
    &["-f", "--all", "--dry-run", "--force", "--full", "--no-expire-check", "--output-format"];

/// Runs what `resource` calls so.
fn resource_verb(context: &mut Context, verb: &[&str], words: &[String]) -> Done {
    let line = ["resource"].iter().chain(verb).map(|word| (*word).to_owned());
    super::dispatch(context, &line.chain(words.iter().cloned()).collect::<Vec<_>>())
}
