//! `rhapsody property ...`

pub mod config;
mod definition;
mod set;

pub use config::describe_lines;

use super::{Noun, Verb};

const CONFIG: &[&str] = &["-f", "--all", "--defaults", "--full", "--output-format"];

pub const NOUN: Noun = Noun {
    name: "property",
    about: "manage cluster properties",
    verbs: &[
        Verb {
            words: "",
            usage: "[--output-format text|cmd|json]\nShow the properties that are set.",
            options: CONFIG,
            run: config::run,
        },
        Verb {
            words: "config",
            usage: "[<property> | --all | --defaults] [--output-format text|cmd|json]\nShow the properties that are set.",
            options: CONFIG,
            run: config::run,
        },
        Verb {
            words: "list",
            usage: "[<property> | --all | --defaults]\nThe same as 'property config'.",
            options: CONFIG,
            run: config::run,
        },
        Verb {
            words: "set",
            usage: "<property>=[<value>] ... [--force]\nSet properties; an empty value removes one.",
            options: &["-f", "--force", "--dry-run"],
            run: set::set,
        },
        Verb {
            words: "unset",
            usage: "<property> ... [--force]\nRemove properties, so that their defaults hold.",
            options: &["-f", "--force", "--dry-run"],
            run: set::unset,
        },
        Verb {
            words: "defaults",
            usage: "[<property>]... [--full]\nShow the defaults of properties.",
            options: &["--full"],
            run: config::defaults,
        },
        Verb {
            words: "describe",
            usage: "[<property>]... [--full] [--output-format text|json]\nSay what properties mean.",
            options: &["--full", "--output-format"],
            run: config::describe,
        },
        Verb {
            words: "get_cluster_properties_definition",
            usage: "\nPrint what is known about properties as JSON.",
            options: &[],
            run: definition::run,
        },
    ],
};
