//! `cluster verify`: what the scheduler thinks of a configuration.

use crate::Done;
use crate::commands::usage;
use crate::context::Context;
use crate::failure::Failure;
use rhapsody_cib::Cib;
use rhapsody_scheduler::Options;
use rhapsody_status::{NodeKind, Status};
use std::fmt::Write;

pub fn run(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(usage());
    }
    let text = super::cib::text(context, None)?;
    let cib = Cib::parse(&text).map_err(|error| Failure::Message(format!("invalid cib: {error}")))?;
    let found = problems(&cib);
    let dropped = dropped(&cib);
    if found.is_empty() && dropped.is_empty() {
        return Ok(());
    }
    let mut told = String::from("invalid cib:");
    for text in dropped {
        let _ = write!(told, "\n{text}");
    }
    if context.options.has("--full") {
        for (severity, text) in found {
            let _ = write!(told, "\n{severity}: {text}");
        }
    } else {
        let errors = found.iter().filter(|(severity, _)| *severity == "error").count();
        let warnings = found.len() - errors;
        let _ = write!(told, "\n{errors} errors, {warnings} warnings\nUse --full for more details.");
    }
    Err(Failure::Message(told))
}

/// What the newest schema has no words for, as Pacemaker's tools say it before all else.
pub fn dropped(cib: &Cib) -> Vec<String> {
    cib.upgrade_warnings().into_iter().map(|text| format!("WARNING: {text}")).collect()
}

/// Severity and text of everything that is wrong or doubtful.
pub fn problems(cib: &Cib) -> Vec<(&'static str, String)> {
    let now = super::super::status::now();
    let options = Options { now, show_scores: false, show_utilization: false };
    let outcome = rhapsody_scheduler::schedule(&cib.upgraded(), &options);
    let mut found: Vec<(&str, String)> =
        cib.errors().into_iter().map(|problem| ("error", problem.to_string())).collect();
    let options = &outcome.model.options;
    for issue in outcome.issues.iter().filter(|issue| !waits_for_node(cib, issue.id.as_deref())) {
        found.push((if issue.is_error { "error" } else { "warning" }, issue.text.clone()));
    }
    if cib.descendants(cib.root()).any(|e| cib.name(e) == "rsc_order" && cib.attr(e, "score").is_some()) {
        let text = "Support for 'score' in rsc_order is deprecated and will be removed in a future release (use 'kind' instead)";
        found.push(("warning", text.to_owned()));
    }
    let status = Status::new(cib, now);
    if !options.fencing || !status.summary.quorate {
        for node in status.nodes.iter().filter(|node| node.unclean && node.kind == NodeKind::Member) {
            found.push(("warning", format!("Node {} is unclean but cannot be fenced", node.name)));
        }
    }
    if found.iter().any(|(severity, _)| *severity == "error") {
        // The peer's last word on any mistake, which is looked for by its sound.
        found.push(("error", "CIB did not pass schema validation".to_owned()));
    }
    found
}

/// A constraint about a node that is not there is no mistake: the node may come.
fn waits_for_node(cib: &Cib, id: Option<&str>) -> bool {
    let Some(id) = id else { return false };
    let nodes: Vec<&str> = cib
        .descendants(cib.root())
        .filter(|e| cib.name(*e) == "node")
        .filter_map(|e| cib.attr(e, "uname"))
        .collect();
    let location = cib
        .descendants(cib.root())
        .find(|e| cib.name(*e) == "rsc_location" && cib.attr(*e, "id") == Some(id));
    location
        .and_then(|location| cib.attr(location, "node"))
        .is_some_and(|node| !nodes.iter().any(|known| known.eq_ignore_ascii_case(node)))
}
