//! `rhapsody node ...`

pub mod attribute;
mod standby;

pub use attribute::warn_placement;

use super::{Noun, Verb};

const OPTIONS: &[&str] = &["-f", "--all", "--dry-run", "--wait"];

pub const NOUN: Noun = Noun {
    name: "node",
    about: "manage cluster nodes",
    verbs: &[
        Verb {
            words: "attribute",
            usage: "[[<node>] [--name <name>] | <node> <name>=<value>...] [--output-format text|cmd|json]\nShow or set node attributes.",
            options: &["-f", "--dry-run", "--force", "--name", "--output-format"],
            run: attribute::attribute,
        },
        Verb {
            words: "utilization",
            usage: "[[<node>] [--name <name>] | <node> <name>=<value>...] [--output-format text|cmd|json]\nShow or set what nodes can carry.",
            options: &["-f", "--dry-run", "--name", "--output-format"],
            run: attribute::utilization,
        },
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
