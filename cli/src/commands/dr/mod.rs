//! `dr`: the cluster that takes over when this one is lost.

use super::{Noun, Verb, usage};
use crate::Done;
use crate::context::Context;
use crate::failure::Failure;
use serde::Deserialize;
use serde_json::json;

pub const NOUN: Noun = Noun {
    name: "dr",
    about: "Manage disaster recovery configuration",
    verbs: &[
        Verb {
            words: "config",
            usage: "
                Show the disaster-recovery configuration of this node.",
            options: &[],
            run: config,
        },
        Verb {
            words: "status",
            usage: "[--full] [--hide-inactive]
                Show the status of this cluster and of the one on the other site.",
            options: &["--full", "--hide-inactive"],
            run: status,
        },
        Verb {
            words: "set-recovery-site",
            usage: "<node of the recovery site>
                Make this cluster the primary site, and the cluster of the node its recovery site.",
            options: &[],
            run: set_recovery_site,
        },
        Verb {
            words: "destroy",
            usage: "
                Remove the disaster-recovery configuration from all nodes of both sites.",
            options: &[],
            run: destroy,
        },
    ],
};

#[derive(Deserialize)]
struct Sites {
    local: Local,
    remote_sites: Vec<Site>,
}

#[derive(Deserialize)]
struct Local {
    role: String,
}

#[derive(Deserialize)]
struct Site {
    role: String,
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    name: String,
}

/// `PRIMARY` as people write it.
fn capital(role: &str) -> String {
    let (first, rest) = role.split_at(role.len().min(1));
    format!("{}{}", first.to_uppercase(), rest.to_lowercase())
}

fn config(context: &mut Context, words: &[String]) -> Done {
    none(words)?;
    let sites: Sites = context.get("rhapsody.dr.config", &json!({}))?;
    lines(&sites).iter().for_each(|line| context.line(line));
    Ok(())
}

fn lines(sites: &Sites) -> Vec<String> {
    let mut lines = vec!["Local site:".to_owned(), format!("  Role: {}", capital(&sites.local.role))];
    for site in &sites.remote_sites {
        lines.push("Remote site:".to_owned());
        lines.push(format!("  Role: {}", capital(&site.role)));
        lines.push("  Nodes:".to_owned());
        let mut names: Vec<&str> = site.nodes.iter().map(|node| node.name.as_str()).collect();
        names.sort_unstable();
        lines.extend(names.iter().map(|name| format!("    {name}")));
    }
    lines
}

#[derive(Deserialize)]
struct Both {
    local: Text,
    remote: Vec<Text>,
}

#[derive(Deserialize)]
struct Text {
    role: String,
    text: Option<String>,
}

/// The exit code is 2 when a site did not tell its status.
fn status(context: &mut Context, words: &[String]) -> Done {
    none(words)?;
    let request = json!({
        "full": context.options.has("--full"),
        "hide_inactive": context.options.has("--hide-inactive"),
    });
    let both: Both = context.get("rhapsody.dr.status", &request)?;
    let mut all = true;
    let sites =
        std::iter::once(("Local", &both.local)).chain(both.remote.iter().map(|site| ("Remote", site)));
    for (at, (place, Text { role, text })) in sites.enumerate() {
        if at > 0 {
            context.line("\n");
        }
        context.line(format!("--- {place} cluster - {} site ---", capital(role)));
        all &= text.is_some();
        context.line(
            text.as_deref().unwrap_or("Error: Unable to get status of the cluster from any node").trim_end(),
        );
    }
    if all { Ok(()) } else { Err(Failure::Code(2)) }
}

fn set_recovery_site(context: &mut Context, words: &[String]) -> Done {
    let [node] = words else { return Err(usage()) };
    context.run("rhapsody.dr.set_recovery_site", &json!({ "node": node })).map(|_| ())
}

fn destroy(context: &mut Context, words: &[String]) -> Done {
    none(words)?;
    context.run("rhapsody.dr.destroy", &json!({})).map(|_| ())
}

fn none(words: &[String]) -> Done {
    if words.is_empty() { Ok(()) } else { Err(usage()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_are_shown_as_pcs_shows_them() {
        let sites = json!({"local": {"role": "PRIMARY"},
                           "remote_sites": [{"role": "RECOVERY", "nodes": [{"name": "n4"}, {"name": "n3"}]}]});
        let sites: Sites = serde_json::from_value(sites).unwrap();
        let shown = "Local site:\n  Role: Primary\nRemote site:\n  Role: Recovery\n  Nodes:\n    n3\n    n4";
        assert_eq!(lines(&sites).join("\n"), shown);
        assert_eq!(capital(""), "");
    }
}
