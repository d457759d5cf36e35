//! `rhapsody resource ...`

pub mod config;
mod create;
mod group;

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
            words: "group add",
            usage: "<group id> <resource id> [resource id]... [--before <resource id> | --after <resource id>] [--wait[=n]]\n\
                    Put resources into a group, which is made when it does not exist.",
            options: &["-f", "--force", "--after", "--before", "--dry-run", "--wait"],
            run: group::add,
        },
    ],
};
