//! `quorum`: votes.

mod config;
mod device;
mod status;
mod update;
mod votes;

use super::{Noun, Verb};

pub use status::{membership, run as status};

pub const NOUN: Noun = Noun {
    name: "quorum",
    about: "Manage cluster quorum settings",
    verbs: &[
        Verb {
            words: "",
            usage: "
                The same as 'quorum config'.",
            options: &["--corosync_conf"],
            run: config::run,
        },
        Verb {
            words: "config",
            usage: "
                Show the quorum options and the quorum device.",
            options: &["--corosync_conf"],
            run: config::run,
        },
        Verb {
            words: "status",
            usage: "
                Show quorum runtime status.",
            options: &[],
            run: status,
        },
        Verb {
            words: "device status",
            usage: "[--full]
                Show the state of the quorum device.",
            options: &["--full"],
            run: device::status,
        },
        Verb {
            words: "device add",
            usage: "[<generic options>] model <device model> [<model options>]
                [heuristics <heuristics options>]
                Add a quorum device. The model is 'net', with the options algorithm (ffsplit or lms),
                host, connect_timeout, force_ip_version, keep_active_partition_tie_breaker, port,
                tie_breaker, tls. Generic options: sync_timeout, timeout. Heuristics options: mode,
                interval, sync_timeout, timeout, exec_NAME.",
            options: &["--corosync_conf", "--dry-run", "--force", "--skip-offline"],
            run: device::add,
        },
        Verb {
            words: "device update",
            usage: "[<generic options>] [model <model options>] [heuristics <heuristics options>]
                Change options of the quorum device; 'name=' removes one.",
            options: &["--corosync_conf", "--dry-run", "--force", "--skip-offline"],
            run: device::update,
        },
        Verb {
            words: "device remove",
            usage: "
                Remove the quorum device.",
            options: &["--corosync_conf", "--dry-run", "--skip-offline"],
            run: device::remove,
        },
        Verb {
            words: "device delete",
            usage: "
                The same as 'quorum device remove'.",
            options: &["--corosync_conf", "--dry-run", "--skip-offline"],
            run: device::remove,
        },
        Verb {
            words: "device heuristics remove",
            usage: "
                Remove all heuristics of the quorum device.",
            options: &["--corosync_conf", "--dry-run", "--skip-offline"],
            run: device::heuristics_remove,
        },
        Verb {
            words: "device heuristics delete",
            usage: "
                The same as 'quorum device heuristics remove'.",
            options: &["--corosync_conf", "--dry-run", "--skip-offline"],
            run: device::heuristics_remove,
        },
        Verb {
            words: "expected-votes",
            usage: "<votes>
                Let the running cluster expect so many votes, until its configuration is changed.",
            options: &[],
            run: votes::expected,
        },
        Verb {
            words: "unblock",
            usage: "[--force | --yes]
                Do not wait any longer for all nodes to be seen once (wait_for_all). Only when the
                missing ones are known to be down: otherwise data may be destroyed.",
            options: &["--force", "--yes"],
            run: votes::unblock,
        },
        Verb {
            words: "update",
            usage: "[auto_tie_breaker=[0|1]] [last_man_standing=[0|1]]
                [last_man_standing_window=[<time in ms>]] [wait_for_all=[0|1]]
                Change quorum options; 'name=' removes one.",
            options: &["--corosync_conf", "--dry-run", "--skip-offline"],
            run: update::run,
        },
    ],
};
