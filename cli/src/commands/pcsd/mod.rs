//! `pcsd`: the management daemons.

mod certificate;
mod tokens;

use super::{Noun, Verb};

use crate::Done;
use crate::context::Context;
use crate::failure::Failure;
use serde_json::{Value, json};
pub use tokens::read_token;

pub const NOUN: Noun = Noun {
    name: "pcsd",
    about: "Manage pcs daemon",
    verbs: &[
        Verb {
            words: "status",
            usage: "[<node>]...
                Show whether rhapsody-pcsd answers on the nodes, or on all nodes of the cluster.",
            options: &[],
            run: status,
        },
        Verb {
            words: "certkey",
            usage: "<certificate file> <key file> --force
                Use this certificate and its key. There is a pair already, so --force is needed. The
                other nodes of the cluster are told; others must run 'host auth' again.",
            options: &["--force"],
            run: certificate::certkey,
        },
        Verb {
            words: "sync-certificates",
            usage: "
                Send the certificate and the key of this node to all nodes of the cluster.",
            options: &[],
            run: certificate::sync,
        },
        Verb {
            words: "deauth",
            usage: "[<token>]...
                Make tokens worthless with which others connect to this host, or all of them when none
                is given. Who had one must authenticate to this host again.",
            options: &[],
            run: tokens::deauth,
        },
        Verb {
            words: "accept_token",
            usage: "<file>
                Let the token in the file open this host, as one of hacluster.",
            options: &[],
            run: tokens::accept_token,
        },
    ],
};

/// Also `status pcsd`. The exit code is 2 when any node is not fine, as automation expects.
pub fn status(context: &mut Context, words: &[String]) -> Done {
    let request = if words.is_empty() { json!({}) } else { json!({ "nodes": words }) };
    let answer = context.run("rhapsody.pcsd.status", &request)?;
    let Value::Object(nodes) = answer else {
        return Err(Failure::message("the state of the daemons was not understood"));
    };
    let mut fine = true;
    for (node, state) in &nodes {
        let state = state.as_str().unwrap_or("Offline");
        fine &= state == "Online";
        context.line(format!("{node}: {state}"));
    }
    if fine { Ok(()) } else { Err(Failure::Code(2)) }
}
