//! `status`: what the cluster is doing.

mod failover;
mod full;
mod links;
pub mod model;
mod query;
mod sections;
mod settle;
mod state;

use super::{Noun, Verb, booth, pcsd, quorum};

pub use model::{cib, get as model, now};
pub use sections::cluster;

pub const NOUN: Noun = Noun {
    name: "status",
    about: "View cluster status",
    verbs: &[
        Verb {
            words: "",
            usage: "[status] [--full] [--hide-inactive]
                View all information about the cluster and resources (--full gives more details,
                --hide-inactive hides inactive resources).",
            options: &["-f", "--corosync_conf", "--full", "--hide-inactive"],
            run: full::run,
        },
        Verb {
            words: "status",
            usage: "[--full] [--hide-inactive]
                The same as 'status'.",
            options: &["-f", "--corosync_conf", "--full", "--hide-inactive"],
            run: full::run,
        },
        Verb {
            words: "resources",
            usage: "[<resource id>] [node=<node>] [--hide-inactive]
                Show the state of resources, of one resource, or of those on a node.",
            options: &["-f", "--hide-inactive"],
            run: super::resource::status::resources,
        },
        Verb {
            words: "nodes",
            usage: "[corosync | both | config]
                Show the state of the nodes as the scheduler sees them, as the membership sees them,
                both, or their names as configured.",
            options: &["-f", "--corosync_conf"],
            run: sections::nodes,
        },
        Verb {
            words: "cluster",
            usage: "
                Show the state of the cluster without its resources.",
            options: &["-f"],
            run: sections::cluster,
        },
        Verb {
            words: "corosync",
            usage: "
                Show the members as the membership sees them.",
            options: &[],
            run: quorum::membership,
        },
        Verb {
            words: "links",
            usage: "
                Show the links to the other nodes, and which packets were dropped and why.",
            options: &[],
            run: links::run,
        },
        Verb {
            words: "failover",
            usage: "[--output-format text|json]
                Show where the time went when a node was last lost.",
            options: &["--output-format"],
            run: failover::run,
        },
        Verb {
            words: "query",
            usage: "resource <resource id> exists | is-stonith | get-type |
                is-type <type> [unique] [promotable] | is-in-group [<id>] | is-in-clone [<id>] |
                is-in-bundle [<id>] | get-members | get-index-in-group | get-nodes |
                is-state <state> [on-node <node>] [members any|all|none] [instances any|all|none]
                [--quiet]
                Answer a question about a resource; the exit code is 0 for yes and 2 for no.",
            options: &["-f", "--quiet"],
            run: query::run,
        },
        Verb {
            words: "wait",
            usage: "[<timeout>]
                Wait until the cluster has settled: nothing is under way and nothing is left to do.",
            options: &[],
            run: settle::run,
        },
        Verb {
            words: "booth",
            usage: "[--name <name>]
                The same as 'booth status'.",
            options: &["--name"],
            run: booth::status,
        },
        Verb {
            words: "quorum",
            usage: "
                View current quorum status.",
            options: &[],
            run: quorum::status,
        },
        Verb {
            words: "pcsd",
            usage: "[<node>]...
                Show whether rhapsody-pcsd answers on the nodes, or on all nodes of the cluster.",
            options: &[],
            run: pcsd::status,
        },
        Verb {
            words: "xml",
            usage: "
                View the status as XML (as crm_mon -r --output-as=xml writes it).",
            options: &["-f"],
            run: full::xml,
        },
    ],
};
