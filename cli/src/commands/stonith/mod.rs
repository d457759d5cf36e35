//! `rhapsody stonith ...`

mod config;
mod create;
mod level;

use super::{Noun, Verb};

pub const NOUN: Noun = Noun {
    name: "stonith",
    about: "configure fence devices",
    verbs: &[
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
    ],
};
