//! `rhapsody node ...`

mod standby;

use super::{Noun, Verb};

const OPTIONS: &[&str] = &["-f", "--all", "--dry-run", "--wait"];

pub const NOUN: Noun = Noun {
    name: "node",
    about: "manage cluster nodes",
    verbs: &[
        Verb {
            words: "standby",
            usage: "[--all | <node>...] [--wait[=n]]\nMove resources away from nodes (this one by default).",
            options: OPTIONS,
            run: |context, words| standby::run(context, words, "standby", true),
        },
        Verb {
            words: "unstandby",
            usage: "[--all | <node>...] [--wait[=n]]\nLet nodes run resources again.",
            options: OPTIONS,
            run: |context, words| standby::run(context, words, "standby", false),
        },
        Verb {
            words: "maintenance",
            usage: "[--all | <node>...] [--wait[=n]]\nLeave resources of nodes as they are.",
            options: OPTIONS,
            run: |context, words| standby::run(context, words, "maintenance", true),
        },
        Verb {
            words: "unmaintenance",
            usage: "[--all | <node>...] [--wait[=n]]\nManage resources of nodes again.",
            options: OPTIONS,
            run: |context, words| standby::run(context, words, "maintenance", false),
        },
    ],
};
