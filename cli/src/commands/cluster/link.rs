//! `cluster link`: the networks between the nodes.

use crate::Done;
use crate::context::Context;
use crate::failure::Failure;
use crate::grammar::{self, Groups, Pairs};
use crate::target_conf;
use serde_json::json;

pub fn add(context: &mut Context, words: &[String]) -> Done {
    let (addresses, options) = described(words)?;
    if addresses.is_empty() {
        return Err(super::super::usage());
    }
    let request = json!({
        "node_addr_map": addresses,
        "link_options": options,
        "force_flags": context.force_flags(),
    });
    target_conf::run(context, "rhapsody.cluster.link_add", &request).map(|_| ())
}

pub fn remove(context: &mut Context, words: &[String]) -> Done {
    if words.is_empty() {
        return Err(super::super::usage());
    }
    let request = json!({ "linknumber_list": words });
    target_conf::run(context, "rhapsody.cluster.link_remove", &request).map(|_| ())
}

pub fn update(context: &mut Context, words: &[String]) -> Done {
    let [number, words @ ..] = words else { return Err(super::super::usage()) };
    let (addresses, options) = described(words)?;
    if addresses.is_empty() && options.is_empty() {
        return Err(super::super::usage());
    }
    let request = json!({
        "linknumber": number,
        "node_addr_map": addresses,
        "link_options": options,
        "force_flags": context.force_flags(),
    });
    target_conf::run(context, "rhapsody.cluster.link_update", &request).map(|_| ())
}

/// `<node>=<address>... [options <name>=<value>...]`
fn described(words: &[String]) -> Result<(Pairs, Pairs), Failure> {
    let groups = Groups::split(words, &["options"]);
    Ok((grammar::pairs(&groups.head)?, grammar::pairs(&groups.flat("options"))?))
}
