//! Simulation: plan, then carry the plan out on a copy of the CIB and show what comes of it.
//!
//! This crate reads no files and no clock: the caller gives the document and the time.

mod engine;
mod graph_xml;

use crate::model::Cluster;
use crate::report::{status, summary};
use crate::unpack::{self, Env, values};
use rhapsody_cib::Cib;
use rhapsody_xml::Document;

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
    pub quiet: bool,
    /// Render the transition graph.
    pub graph: bool,
}

/// Texts for the caller to print or keep.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    pub text: String,
    pub graph: Option<String>,
    /// The CIB after the transition, when it was carried out.
    pub document: Option<Document>,
}

/// Run a simulation; an error is about the date that was asked for.
pub fn simulate(doc: &Document, request: &Request) -> Result<Answer, String> {
    let original =
        doc.attr(doc.root(), "execution-date").and_then(values::leading_integer).filter(|t| *t > 0);
    let (now, banner) = match (&request.set_datetime, original) {
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
    let mut env = Env::new(doc, now);
    env.sanitized = true;
    let cluster = unpack::unpack(&env);
    let mut out = Text { quiet: request.quiet, text: String::new() };
    if let Some(banner) = &banner {
        out.line(banner);
    }
    out.status("Current cluster status:", &cluster);
    let acts = request.simulate || request.plan || request.show_scores || request.graph;
    if !acts {
        return Ok(Answer { text: out.text, ..Answer::default() });
    }
    let options = crate::Options { now, show_scores: request.show_scores };
    let (transition, mut plan) = crate::run(&env, cluster, &options);
    if request.show_scores {
        out.line("");
        if !request.quiet {
            out.line("Assignment Scores:");
        }
        for s in &plan.scores {
            let prefix = if request.quiet { "" } else { "  * " };
            out.always(&format!("{prefix}{s}"));
        }
    }
    out.line("");
    out.line("Transition Summary:");
    for l in summary::summary_lines(&mut plan) {
        out.line(&l);
    }
    let graph = request.graph.then(|| graph_xml::write(&plan, &transition));
    if !request.simulate {
        return Ok(Answer { text: out.text, graph, document: None });
    }
    let mut after = doc.clone();
    out.line("");
    out.line("Executing Cluster Transition:");
    let executed = engine::execute(&plan.c, &transition, &mut after, now);
    for l in &executed.lines {
        out.line(l);
    }
    if executed.incomplete {
        out.line("Transition failed: terminated");
        out.line("An invalid transition was produced");
    }
    if let Some(banner) = &banner {
        out.line(banner);
    }
    out.line("");
    let env = Env::new(&after, now);
    let mut revised = unpack::unpack(&env);
    for rsc in revised.all_resources() {
        // Only the first status speaks of what is in flight.
        revised[rsc].pending_task = None;
    }
    out.status("Revised Cluster Status:", &revised);
    Ok(Answer { text: out.text, graph, document: Some(after) })
}

struct Text {
    quiet: bool,
    text: String,
}

impl Text {
    fn line(&mut self, line: &str) {
        if !self.quiet {
            self.always(line);
        }
    }

    fn always(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn status(&mut self, title: &str, c: &Cluster) {
        if title.starts_with("Current") {
            for l in status::head_lines(c) {
                self.line(&l);
            }
        }
        self.line(title);
        for l in status::status_lines(c) {
            self.line(&l);
        }
    }
}

/// As [`simulate`], from the text of a CIB of any schema.
pub fn simulate_text(xml: String, request: &Request) -> Result<Answer, String> {
    let doc = Document::from_string(xml).map_err(|e| format!("not a CIB: {e}"))?;
    if doc.name(doc.root()) != "cib" {
        return Err(format!("not a CIB: the outermost element is <{}>", doc.name(doc.root())));
    }
    if doc.child(doc.root(), "configuration").is_none() {
        // Nothing to upgrade and nothing to plan, but a status to show.
        return simulate(&doc, request);
    }
    let cib = Cib::try_from(doc).map_err(|e| format!("not a CIB: {e}"))?;
    simulate(&cib.upgraded(), request)
}
