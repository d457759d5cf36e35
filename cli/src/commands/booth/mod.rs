//! `booth`: tickets between clusters.

mod destroy;
mod file;
mod nodes;
mod resource;
mod service;

use super::{Noun, Verb};

pub use service::status;

/// Files that are named instead of those in /etc/booth.
const FILES: &[&str] = &["--booth-conf", "--booth-key", "--dry-run", "--name", "--force"];

pub const NOUN: Noun = Noun {
    name: "booth",
    about: "Manage booth (cluster ticket manager)",
    verbs: &[
        Verb {
            words: "setup",
            usage: "sites <address> <address> [<address>...] [arbitrators <address>...] [--force]
                Write a new booth configuration and its key. The number of sites and arbitrators must
                be odd. A configuration that is there already is only replaced with --force.",
            options: FILES,
            run: file::setup,
        },
        Verb {
            words: "config",
            usage: "[<node>]
                Show the booth configuration of this host or of another node.",
            options: &["--name"],
            run: file::show,
        },
        Verb {
            words: "ticket add",
            usage: "<ticket> [<name>=<value>...] [--force]
                Add a ticket. Options: acquire-after, attr-prereq, before-acquire-handler, expire, mode,
                renewal-freq, retries, timeout, weights.",
            options: FILES,
            run: file::ticket_add,
        },
        Verb {
            words: "ticket remove",
            usage: "<ticket>
                Remove a ticket.",
            options: FILES,
            run: file::ticket_remove,
        },
        Verb {
            words: "ticket delete",
            usage: "<ticket>
                The same as 'booth ticket remove'.",
            options: FILES,
            run: file::ticket_remove,
        },
        Verb {
            words: "enable-authfile",
            usage: "
                Let booth use its key (for versions of it that have to be told).",
            options: FILES,
            run: file::enable_authfile,
        },
        Verb {
            words: "clean-enable-authfile",
            usage: "
                Take that out of the configuration again.",
            options: FILES,
            run: file::clean_enable_authfile,
        },
        Verb {
            words: "create",
            usage: "ip <address> [--name <name>] [--force]
                Run booth of this site as a resource of the cluster, behind an address of its own.",
            options: &["-f", "--dry-run", "--name", "--force"],
            run: resource::create,
        },
        Verb {
            words: "remove",
            usage: "[--name <name>] [--force]
                Remove the resources made by 'booth create'.",
            options: &["-f", "--dry-run", "--name", "--force"],
            run: resource::remove,
        },
        Verb {
            words: "delete",
            usage: "[--name <name>] [--force]
                The same as 'booth remove'.",
            options: &["-f", "--dry-run", "--name", "--force"],
            run: resource::remove,
        },
        Verb {
            words: "restart",
            usage: "[--name <name>]
                Restart the resources made by 'booth create'.",
            options: &["--name"],
            run: resource::restart,
        },
        Verb {
            words: "pull",
            usage: "<node> [--name <name>]
                Take the booth configuration and its key from another node.",
            options: &["--name"],
            run: nodes::pull,
        },
        Verb {
            words: "sync",
            usage: "[--name <name>] [--skip-offline]
                Send the booth configuration and its key to all nodes of the cluster.",
            options: &["--name", "--skip-offline"],
            run: nodes::sync,
        },
        Verb {
            words: "destroy",
            usage: "[--name <name>] [--force]
                Remove the booth configuration and its key from this host. The cluster must not run it
                as a resource.",
            options: &["--name", "--force"],
            run: destroy::run,
        },
        Verb {
            words: "status",
            usage: "[--name <name>]
                Show what booth on this host knows.",
            options: &["--name"],
            run: service::status,
        },
        Verb {
            words: "ticket grant",
            usage: "<ticket> [<site address>] [--name <name>]
                Give the ticket to a site, by default to the one of this cluster.",
            options: &["--name"],
            run: service::grant,
        },
        Verb {
            words: "ticket revoke",
            usage: "<ticket> [<site address>] [--name <name>]
                Take the ticket away from a site, by default from the one of this cluster.",
            options: &["--name"],
            run: service::revoke,
        },
        Verb {
            words: "enable",
            usage: "[--name <name>]
                Start the arbitrator of this host when it boots.",
            options: &["--name"],
            run: |context, words| service::switch(context, words, "enable"),
        },
        Verb {
            words: "disable",
            usage: "[--name <name>]
                Do not start the arbitrator of this host when it boots.",
            options: &["--name"],
            run: |context, words| service::switch(context, words, "disable"),
        },
        Verb {
            words: "start",
            usage: "[--name <name>]
                Start the arbitrator of this host.",
            options: &["--name"],
            run: |context, words| service::switch(context, words, "start"),
        },
        Verb {
            words: "stop",
            usage: "[--name <name>]
                Stop the arbitrator of this host.",
            options: &["--name"],
            run: |context, words| service::switch(context, words, "stop"),
        },
    ],
};
