//! `rhapsody config ...`: the whole configuration, now, earlier, and in a safe place.

mod backup;
mod checkpoint;
pub mod export;
mod restore;
mod show;
pub mod tarball;

use super::{Noun, Verb};

const SHOW: &[&str] = &["-f", "--corosync_conf", "--output-format"];

pub const NOUN: Noun = Noun {
    name: "config",
    about: "View and manage the whole configuration",
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
        Verb {
            words: "backup",
            usage: "[<file>] [--force]
                Store the configuration files of this node in a tarball, <file>.tar.bz2, or write it to
                standard output. It holds the keys of the cluster: keep it as secret as they are.",
            options: &["--force"],
            run: backup::run,
        },
        Verb {
            words: "restore",
            usage: "[--local] [<file>]
                Restore the configuration files from a backup (by default from standard input) on all
                of its nodes, or with --local on this one. The cluster must be stopped.",
            options: &["--local"],
            run: restore::run,
        },
        Verb {
            words: "checkpoint",
            usage: "
                List the earlier configurations that this node has kept.",
            options: &[],
            run: checkpoint::list,
        },
        Verb {
            words: "checkpoint list",
            usage: "
                List the earlier configurations that this node has kept.",
            options: &[],
            run: checkpoint::list,
        },
        Verb {
            words: "checkpoint view",
            usage: "<checkpoint number>
                Show an earlier configuration.",
            options: &[],
            run: checkpoint::view,
        },
        Verb {
            words: "checkpoint diff",
            usage: "<checkpoint number> <checkpoint number>
                Show what differs between two earlier configurations. 'live' in the place of a number
                is the present one.",
            options: &["-f"],
            run: checkpoint::diff,
        },
        Verb {
            words: "checkpoint restore",
            usage: "<checkpoint number>
                Bring the CIB back to an earlier configuration.",
            options: &["-f", "--dry-run"],
            run: checkpoint::restore,
        },
    ],
};
