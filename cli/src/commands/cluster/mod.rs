//! `cluster`: making, starting, stopping and removing clusters; the CIB as a whole.

mod auth;
mod cib;
mod config;
mod corosync;
mod destroy;
mod edit;
mod everywhere;
mod link;
mod node;
mod nodes;
mod report;
mod setup;
mod uidgid;
mod verify;

use super::{Noun, Verb, pcsd, status};

pub use cib::whole_text as cib_text;
pub use verify::{dropped, problems};

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
            words: "auth",
            usage: "[-u <username>] [-p <password>]
                Authenticate this machine to the nodes of its cluster.",
            options: &["-u", "-p"],
            run: auth::run,
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
            options: &["-f", "--config", "--dry-run", "--wait", "--force"],
            run: cib::push,
        },
        Verb {
            words: "edit",
            usage: "[scope=<scope> | --config]
                Edit the CIB, or a part of it, in the editor that the environment variable EDITOR names,
                and push what was changed.",
            options: &["-f", "--config", "--dry-run"],
            run: edit::run,
        },
        Verb {
            words: "report",
            usage: "[--from \"YYYY-M-D H:M:S\" [--to \"YYYY-M-D H:M:S\"]] <destination> [--force]
                Create a tarball, <destination>.tar.bz2, with all that is needed when problems of the
                cluster are reported: journals, logs, configuration, inputs of the scheduler and state
                of each node. Without --from of the last 24 hours.",
            options: &["--force", "--from", "--to"],
            run: report::run,
        },
        Verb {
            words: "config",
            usage: "[show] [--output-format text|cmd|json] [--corosync_conf <path>]
                Show the membership configuration.",
            options: &["--output-format", "--corosync_conf"],
            run: config::show,
        },
        Verb {
            words: "config show",
            usage: "[--output-format text|cmd|json] [--corosync_conf <path>]
                Show the membership configuration.",
            options: &["--output-format", "--corosync_conf"],
            run: config::show,
        },
        Verb {
            words: "config update",
            usage: "[transport <transport options>] [compression <compression options>]
                [crypto <crypto options>] [totem <totem options>] [--skip-offline]
                [--corosync_conf <path>] [--dry-run]
                Change options of the membership configuration; 'name=' removes one. All nodes get
                it, a running cluster takes it at once; only whether links are encrypted cannot be
                changed while it runs.",
            options: &["--corosync_conf", "--dry-run", "--skip-offline"],
            run: config::update,
        },
        Verb {
            words: "config uuid generate",
            usage: "[--corosync_conf <path>] [--force]
                Give the cluster a new UUID. One that is there already is only replaced with --force.",
            options: &["--corosync_conf", "--dry-run", "--force", "--skip-offline"],
            run: config::uuid_generate,
        },
        Verb {
            words: "link add",
            usage: "<node name>=<address>... [options <link options>] [--corosync_conf <path>] [--force]
                Add a link, with an address of each node. It takes the lowest free number, if the
                option linknumber gives no other.",
            options: &["--corosync_conf", "--dry-run", "--force", "--skip-offline"],
            run: link::add,
        },
        Verb {
            words: "link remove",
            usage: "<link number>... [--corosync_conf <path>]
                Remove links, with their options and addresses. One must stay.",
            options: &["--corosync_conf", "--dry-run", "--skip-offline"],
            run: link::remove,
        },
        Verb {
            words: "link delete",
            usage: "<link number>... [--corosync_conf <path>]
                The same as 'cluster link remove'.",
            options: &["--corosync_conf", "--dry-run", "--skip-offline"],
            run: link::remove,
        },
        Verb {
            words: "link update",
            usage: "<link number> [<node name>=<address>...] [options <link options>]
                [--corosync_conf <path>] [--force]
                Change addresses or options of a link; 'name=' removes an option.",
            options: &["--corosync_conf", "--dry-run", "--force", "--skip-offline"],
            run: link::update,
        },
        Verb {
            words: "node add-remote",
            usage: "<node name> [<node address>] [port=<port>] [reconnect_interval=<time>]
                [op <operation> <options>...]... [meta <options>...] [--no-default-ops] [--force]
                Add a node that runs resources and has no vote. Its key and its service are not sent
                or started by this version.",
            options: &[
                "-f",
                "--dry-run",
                "--corosync_conf",
                "--force",
                "--no-default-ops",
                "--wait",
                "--skip-offline",
            ],
            run: node::add_remote,
        },
        Verb {
            words: "node remove-remote",
            usage: "<node name or address> [--force]
                Remove a remote node.",
            options: &["-f", "--dry-run", "--corosync_conf", "--force", "--skip-offline"],
            run: node::remove_remote,
        },
        Verb {
            words: "node delete-remote",
            usage: "<node name or address> [--force]
                The same as 'cluster node remove-remote'.",
            options: &["-f", "--dry-run", "--corosync_conf", "--force", "--skip-offline"],
            run: node::remove_remote,
        },
        Verb {
            words: "node add-guest",
            usage: "<node name> <resource id> [remote-addr=<address>] [remote-port=<port>]
                [remote-connect-timeout=<time>]
                Make a node of a resource, for example of a virtual machine.",
            options: &["-f", "--dry-run", "--corosync_conf", "--force", "--wait", "--skip-offline"],
            run: node::add_guest,
        },
        Verb {
            words: "node remove-guest",
            usage: "<node name, address or resource id>
                Make a guest node a resource like any other again.",
            options: &["-f", "--dry-run", "--corosync_conf", "--force", "--wait", "--skip-offline"],
            run: node::remove_guest,
        },
        Verb {
            words: "node delete-guest",
            usage: "<node name, address or resource id>
                The same as 'cluster node remove-guest'.",
            options: &["-f", "--dry-run", "--corosync_conf", "--force", "--wait", "--skip-offline"],
            run: node::remove_guest,
        },
        Verb {
            words: "node add",
            usage: "<node name> [addr=<node address>]... [--start [--wait[=<n>]]] [--enable]
                [--force] [--skip-offline] [--dry-run]
                Add a host, which must be known (see 'host auth'), to the cluster, with an address
                for each link: send it the keys and corosync.conf, and let the other nodes count it.",
            options: &[
                "--dry-run",
                "--enable",
                "--force",
                "--no-watchdog-validation",
                "--skip-offline",
                "--start",
                "--wait",
            ],
            run: node::add,
        },
        Verb {
            words: "node remove",
            usage: "<node name>... [--force] [--skip-offline] [--dry-run]
                Stop the nodes, destroy the cluster on them, and let the others forget them. Refused
                when the others would lose quorum, unless --force is given.",
            options: &["--dry-run", "--force", "--skip-offline"],
            run: node::remove,
        },
        Verb {
            words: "node delete",
            usage: "<node name>... [--force] [--skip-offline] [--dry-run]
                The same as 'cluster node remove'.",
            options: &["--dry-run", "--force", "--skip-offline"],
            run: node::remove,
        },
        Verb {
            words: "node clear",
            usage: "<node name> [--force]
                Remove what the CIB still has of a node that was removed from the cluster.",
            options: &["--force"],
            run: node::clear,
        },
        Verb {
            words: "node rename-corosync",
            usage: "<old name> <new name> [--skip-offline] [--dry-run]
                Give a node another name in corosync.conf. The cluster must be stopped.",
            options: &["--dry-run", "--force", "--skip-offline"],
            run: everywhere::rename_node,
        },
        Verb {
            words: "rename",
            usage: "<new name> [--force] [--skip-offline] [--dry-run]
                Give the cluster another name. It must be stopped.",
            options: &["--dry-run", "--force", "--skip-offline"],
            run: everywhere::rename,
        },
        Verb {
            words: "sync",
            usage: "[--skip-offline]
                Send corosync.conf of this node to all nodes; a running cluster takes it.",
            options: &["--skip-offline"],
            run: everywhere::sync,
        },
        Verb {
            words: "sync corosync",
            usage: "[--skip-offline]
                The same as 'cluster sync'.",
            options: &["--skip-offline"],
            run: everywhere::sync,
        },
        Verb {
            words: "reload corosync",
            usage: "
                Let the running cluster take the corosync.conf of this node.",
            options: &[],
            run: everywhere::reload,
        },
        Verb {
            words: "authkey corosync",
            usage: "[<path>] [--skip-offline]
                Give all nodes a new key of their links, or the one in the file. The cluster must be
                stopped.",
            options: &["--skip-offline"],
            run: everywhere::authkey,
        },
        Verb {
            words: "kill",
            usage: "
                End the cluster's daemons on this node at once (kill -9). Nothing is stopped in
                order: the other nodes take this one for lost.",
            options: &[],
            run: everywhere::kill,
        },
        Verb {
            words: "node rename-cib",
            usage: "<old name> <new name> [--force]
                Let constraints, rules and fencing levels call a node by its new name.",
            options: &["-f", "--dry-run", "--force"],
            run: node::rename_cib,
        },
        Verb {
            words: "cib-upgrade",
            usage: "
                Rewrite the CIB in the words of the newest schema.",
            options: &["-f", "--dry-run"],
            run: cib::upgrade,
        },
        Verb {
            words: "verify",
            usage: "[--full]
                Check the configuration for mistakes, and for what may surprise. With --full tell all
                of it.",
            options: &["-f", "--full"],
            run: verify::run,
        },
        Verb {
            words: "uidgid",
            usage: "
                List the users and groups that may speak to Corosync on this host.",
            options: &[],
            run: uidgid::list,
        },
        Verb {
            words: "uidgid add",
            usage: "[uid=<user>] [gid=<group>]
                Let a user or a group speak to Corosync.",
            options: &["--dry-run"],
            run: uidgid::add,
        },
        Verb {
            words: "uidgid remove",
            usage: "[uid=<user>] [gid=<group>]
                Take that away again.",
            options: &["--dry-run"],
            run: uidgid::remove,
        },
        Verb {
            words: "uidgid delete",
            usage: "[uid=<user>] [gid=<group>]
                The same as 'cluster uidgid remove'.",
            options: &["--dry-run"],
            run: uidgid::remove,
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
