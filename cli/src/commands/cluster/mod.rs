//! `cluster`: making, starting, stopping and removing clusters; the CIB as a whole.

mod cib;
mod corosync;
mod destroy;
mod nodes;
mod setup;

use super::{Noun, Verb, pcsd, status};
use crate::context::Context;
use crate::failure::Failure;
use serde_json::Value;

pub const NOUN: Noun = Noun {
    name: "cluster",
    about: "Configure cluster options and nodes",
    verbs: &[
        Verb { words: "setup", usage: setup::USAGE, options: setup::OPTIONS, run: setup::run },
        Verb {
            words: "start",
            usage: "[--all | <node>...] [--wait[=<n>]]
                Start the cluster on the local node, on the named ones or on all. With --wait, wait
                until the nodes are started, at most n seconds.",
            options: &["--all", "--wait"],
            run: nodes::start,
        },
        Verb {
            words: "stop",
            usage: "[--all | <node>...] [--force]
                Stop the cluster on the local node, on the named ones or on all. Stopping some nodes
                is refused when the others would lose quorum, unless --force is given.",
            options: &["--all", "--force"],
            run: nodes::stop,
        },
        Verb {
            words: "enable",
            usage: "[--all | <node>...]
                Start the cluster when the node boots.",
            options: &["--all"],
            run: nodes::enable,
        },
        Verb {
            words: "disable",
            usage: "[--all | <node>...]
                Do not start the cluster when the node boots.",
            options: &["--all"],
            run: nodes::disable,
        },
        Verb {
            words: "destroy",
            usage: "[--all] [--force] [--yes]
                Stop the cluster on the local node (--all: on every node) and remove its
                configuration, for ever.",
            options: &["--all", "--force", "--yes"],
            run: destroy::run,
        },
        Verb {
            words: "cib",
            usage: "[<file>] [scope=<scope> | --config]
                Print the CIB, or store it in a file. Scopes: acls, alerts, configuration,
                constraints, crm_config, fencing-topology, nodes, op_defaults, resources,
                rsc_defaults, tags.",
            options: &["-f", "--config"],
            run: cib::show,
        },
        Verb {
            words: "cib-push",
            usage: "<file> [--wait[=<n>]] [diff-against=<file> | scope=<scope> | --config] [--force]
                Replace the CIB (or the scope) by the content of a file. With diff-against only what
                differs between the two files is changed.",
            options: &["--config", "--wait", "--force"],
            run: cib::push,
        },
        Verb {
            words: "corosync",
            usage: "[<node>]
                Print corosync.conf of the local node or of another.",
            options: &[],
            run: corosync::run,
        },
        Verb {
            words: "status",
            usage: "
                Show the state of the cluster without its resources.",
            options: &["-f"],
            run: status::cluster,
        },
        Verb {
            words: "pcsd-status",
            usage: "[<node>]...
                The same as 'pcsd status'.",
            options: &[],
            run: pcsd::status,
        },
    ],
};

/// `--wait` as pcsd takes it: false, true or seconds.
fn wait(context: &Context) -> Result<Value, Failure> {
    Ok(match context.wait_seconds()? {
        None => Value::Bool(false),
        Some(0) => Value::Bool(true),
        Some(seconds) => seconds.into(),
    })
}
