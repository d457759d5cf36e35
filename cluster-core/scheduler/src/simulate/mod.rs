//! Simulation: change the input as asked, plan, then carry the plan out on a copy of the CIB and
//! show what comes of it.
//!
//! This crate reads no files and no clock: the caller gives the document and the time.

mod dot;
mod engine;
mod graph_xml;
mod history;
mod inject;
mod output;

pub use inject::{Injections, OpSpec};
pub use output::{InjectedAttribute, Modification, Output, Step, Text, When};

use crate::model::Issue;
use crate::report::summary;
use crate::unpack::{self, Env, values};
use history::History;
use rhapsody_cib::Cib;
use rhapsody_xml::Document;
use std::borrow::Cow;

/// What to do and to show.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Seconds since 1970 when nothing else says what time it is.
    pub now: i64,
    /// `--set-datetime`, as given.
    pub set_datetime: Option<String>,
    /// Carry the transition out (`--simulate`).
    pub simulate: bool,
    /// Plan and print (`--run`).
    pub plan: bool,
    pub show_scores: bool,
    pub show_utilization: bool,
    /// Render the transition graph.
    pub graph: bool,
    /// Draw it.
    pub dot: bool,
    /// Actions that need not be done are drawn too.
    pub all_actions: bool,
    /// Changes before planning.
    pub injections: Injections,
    /// Operations that fail when the transition is carried out.
    pub to_fail: Vec<OpSpec>,
}

/// Results beside what the [`Output`] was told.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    pub graph: Option<String>,
    pub dot: Option<String>,
    /// The CIB after the injections, when there were any.
    pub input: Option<Document>,
    /// The CIB after the transition, when it was carried out.
    pub document: Option<Document>,
    /// Actions were left that wait for each other.
    pub is_stuck: bool,
    /// What of the configuration could not be used as it is.
    pub issues: Vec<Issue>,
}

/// Run a simulation; an error is about what was asked for (a date, a node that is not there).
pub fn simulate(doc: &Document, request: &Request, out: &mut dyn Output) -> Result<Answer, String> {
    let original =
        doc.attr(doc.root(), "execution-date").and_then(values::leading_integer).filter(|t| *t > 0);
    let (now, remark) = match (&request.set_datetime, original) {
        (Some(text), _) => {
            let Some(at) = values::timestamp(text) else {
                return Err(format!(
                    "'{text}' is not a date and time as ISO 8601 writes them, for example 2026-01-31T12:00:00Z"
                ));
            };
            (at, Some(format!("Setting effective cluster time: {text}")))
        }
        (None, Some(at)) => {
            (at, Some(format!("Using the original execution date of: {}", values::timestamp_text(at))))
        }
        (None, None) => (request.now, None),
    };
    let read = |doc| {
        let mut env = Env::new(doc, now);
        env.sanitized = true;
        env
    };
    let mut env = read(doc);
    let mut cluster = unpack::unpack(&env);
    let changed = match request.injections.is_empty() {
        true => None,
        false => {
            let mut changed = doc.clone();
            let done = request.injections.apply(&mut changed, &cluster, now)?;
            Some((changed, done))
        }
    };
    if let Some(remark) = &remark {
        out.remark(remark);
    }
    out.status(When::Before, doc, &cluster);
    let mut input = Cow::Borrowed(doc);
    if let Some((changed, done)) = changed {
        out.modifications(&done);
        if let Some(remark) = &remark {
            out.remark(remark);
        }
        input = Cow::Owned(changed);
    }
    let mut answer = Answer::default();
    if let Cow::Owned(changed) = &input {
        env = read(changed);
        cluster = unpack::unpack(&env);
        answer.input = Some(changed.clone());
    }
    let shows = request.show_scores || request.show_utilization;
    if !(request.simulate || request.plan || shows || request.graph || request.dot) {
        answer.issues = cluster.issues;
        return Ok(answer);
    }
    let options =
        crate::Options { now, show_scores: request.show_scores, show_utilization: request.show_utilization };
    let mut plan = crate::run(&env, cluster, &options, None);
    let chosen = plan.choose();
    if shows {
        out.scores(&plan.scores);
    }
    out.summary(&summary::changes(&mut plan));
    answer.dot = request.dot.then(|| dot::write(&plan, request.all_actions));
    answer.issues.clone_from(&plan.c.issues);
    if !(request.simulate || request.graph) {
        // The actions with all their parameters are most of the work, and nobody wants them.
        return Ok(answer);
    }
    if request.graph {
        let transition = plan.transition(&chosen);
        answer.graph = Some(graph_xml::write(&plan, &transition));
    }
    if !request.simulate {
        return Ok(answer);
    }
    let mut after = input.clone().into_owned();
    let (steps, deleted) = engine::execute(&mut plan, &chosen, &mut after, now, &request.to_fail);
    answer.is_stuck = steps.contains(&Step::Incomplete);
    out.steps(&steps);
    drop(plan);
    if let Some(remark) = &remark {
        out.remark(remark);
    }
    let mut revised = unpack::unpack(&Env::new(&after, now));
    for rsc in revised.all_resources() {
        // Only the first status speaks of what is in flight.
        revised[rsc].pending_task = None;
    }
    out.status(When::After, &after, &revised);
    History::new(&mut after, now).drop_deleted(&deleted);
    answer.document = Some(after);
    Ok(answer)
}

/// The CIB in a text, upgraded from any older schema, or why it is none.
pub fn read_cib(xml: String) -> Result<Document, String> {
    let doc = Document::from_string(xml).map_err(|e| format!("not a CIB: {e}"))?;
    match doc.name(doc.root()) {
        "cib" => {}
        other => return Err(format!("not a CIB: the outermost element is <{other}>")),
    }
    if doc.child(doc.root(), "configuration").is_none() {
        // Nothing to upgrade and nothing to plan, but a status to show.
        return Ok(doc);
    }
    let cib = Cib::try_from(doc).map_err(|e| format!("not a CIB: {e}"))?;
    Ok(match cib.upgraded() {
        Cow::Owned(upgraded) => upgraded.into_document(),
        Cow::Borrowed(_) => cib.into_document(),
    })
}
