//! `status`: what the cluster is doing.

mod full;

use super::{Noun, Verb, pcsd, quorum};

pub const NOUN: Noun = Noun {
    name: "status",
    about: "View cluster status",
    verbs: &[
        Verb {
            words: "",
            usage: "[status] [--full] [--hide-inactive]
                View all information about the cluster and resources (--full gives more details,
                --hide-inactive hides inactive resources).",
            options: &["--full", "--hide-inactive"],
            run: full::run,
        },
        Verb {
            words: "status",
            usage: "[--full] [--hide-inactive]
                The same as 'status'.",
            options: &["--full", "--hide-inactive"],
            run: full::run,
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
            options: &[],
            run: full::xml,
        },
    ],
};
