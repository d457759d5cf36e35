//! `rhapsody config ...`: the whole configuration.

pub mod export;
mod show;

use super::{Noun, Verb};

const SHOW: &[&str] = &["-f", "--corosync_conf", "--output-format"];

pub const NOUN: Noun = Noun {
    name: "config",
    about: "View the whole configuration",
    verbs: &[
        Verb {
            words: "",
            usage: "[--output-format text|json|cmd]\nShow the whole configuration, for people, as data or as the commands that make it.",
            options: SHOW,
            run: export::run,
        },
        Verb {
            words: "show",
            usage: "[--output-format text|json|cmd]\nShow the whole configuration, for people, as data or as the commands that make it.",
            options: SHOW,
            run: export::run,
        },
    ],
};
