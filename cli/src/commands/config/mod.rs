//! `rhapsody config ...`: the whole configuration.

pub mod export;

use super::{Noun, Verb};

const SHOW: &[&str] = &["-f", "--output-format"];

pub const NOUN: Noun = Noun {
    name: "config",
    about: "View the whole configuration",
    verbs: &[
        Verb {
            words: "",
            usage: "[--output-format json|cmd]\nShow the whole configuration, as data or as the commands that make it.",
            options: SHOW,
            run: export::run,
        },
        Verb {
            words: "show",
            usage: "[--output-format json|cmd]\nShow the whole configuration, as data or as the commands that make it.",
            options: SHOW,
            run: export::run,
        },
    ],
};
