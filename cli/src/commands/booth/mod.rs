//! `booth`: tickets between clusters.

mod file;
mod resource;

use super::{Noun, Verb};

/// Files that are named instead of those in /etc/booth.
const FILES: &[&str] = &["--booth-conf", "--booth-key", "--name", "--force"];

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
            usage: "
                Show the booth configuration of this host.",
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
            options: &["-f", "--name", "--force"],
            run: resource::create,
        },
        Verb {
            words: "remove",
            usage: "[--name <name>] [--force]
                Remove the resources made by 'booth create'.",
            options: &["-f", "--name", "--force"],
            run: resource::remove,
        },
        Verb {
            words: "delete",
            usage: "[--name <name>] [--force]
                The same as 'booth remove'.",
            options: &["-f", "--name", "--force"],
            run: resource::remove,
        },
    ],
};
