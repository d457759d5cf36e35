//! What a simulation tells, step by step, and who writes it down.

use crate::model::Cluster;
use crate::report::{Change, ScoreLine};
use rhapsody_xml::Document;
use std::fmt;

/// Which of the two statuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Before,
    After,
}

/// Writes a simulation down, as text or in another form.
pub trait Output {
    /// A remark about the effective time.
    fn remark(&mut self, text: &str);
    fn status(&mut self, when: When, doc: &Document, cluster: &Cluster);
    fn modifications(&mut self, modifications: &[Modification]);
    fn scores(&mut self, lines: &[ScoreLine]);
    fn summary(&mut self, changes: &[Change]);
    fn steps(&mut self, steps: &[Step]);
}

/// What was done to the input before planning; `Display` is its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Modification {
    Quorum(String),
    Watchdog(String),
    NodeUp(String),
    NodeDown(String),
    NodeFail(String),
    Grant(String),
    Revoke(String),
    Standby(String),
    Activate(String),
    Operation(String),
    Attribute(InjectedAttribute),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InjectedAttribute {
    pub name: String,
    pub value: String,
    pub node_id: String,
}

impl fmt::Display for Modification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Modification::Quorum(v) => write!(f, "Setting quorum: {v}"),
            Modification::Watchdog(v) => write!(f, "Setting watchdog: {v}"),
            Modification::NodeUp(n) => write!(f, "Bringing node {n} online"),
            Modification::NodeDown(n) => write!(f, "Taking node {n} offline"),
            Modification::NodeFail(n) => write!(f, "Failing node {n}"),
            Modification::Grant(t) => write!(f, "Granting ticket {t}"),
            Modification::Revoke(t) => write!(f, "Revoking ticket {t}"),
            Modification::Standby(t) => write!(f, "Making ticket {t} standby"),
            Modification::Activate(t) => write!(f, "Activating ticket {t}"),
            Modification::Operation(spec) => write!(f, "Injecting {spec} into the configuration"),
            Modification::Attribute(a) => a.fmt(f),
        }
    }
}

impl fmt::Display for InjectedAttribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Injecting attribute {}={} into /node_state '{}'", self.name, self.value, self.node_id)
    }
}

/// One thing that happened while the transition was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Pseudo {
        task: String,
        node: Option<String>,
    },
    Fencing {
        target: String,
        action: String,
    },
    Cluster {
        task: String,
        resource: Option<String>,
        node: String,
    },
    Resource {
        resource: String,
        task: String,
        interval_ms: u64,
        node: String,
    },
    Failed {
        action: u32,
        rc: i32,
    },
    Attribute(InjectedAttribute),
    /// Some action could never fire.
    Incomplete,
}

/// The text of crm_simulate.
#[derive(Debug, Default)]
pub struct Text {
    /// Only scores.
    pub quiet: bool,
    pub show_scores: bool,
    pub show_utilization: bool,
    /// More about a status, for its end.
    pub extra: Option<fn(&Document, &Cluster) -> String>,
    pub text: String,
}

impl Text {
    fn line(&mut self, line: &str) {
        if !self.quiet {
            self.always(line);
        }
    }

    fn item(&mut self, item: &impl fmt::Display) {
        if !self.quiet {
            self.always(&format!("  * {item}"));
        }
    }

    fn always(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }
}

impl Output for Text {
    fn remark(&mut self, text: &str) {
        self.line(text);
    }

    fn status(&mut self, when: When, doc: &Document, cluster: &Cluster) {
        use crate::report::status;
        if self.quiet {
            return;
        }
        let title = match when {
            When::Before => {
                status::head_lines(cluster).iter().for_each(|l| self.line(l));
                "Current cluster status:"
            }
            When::After => {
                self.line("");
                "Revised Cluster Status:"
            }
        };
        self.line(title);
        status::status_lines(cluster).iter().for_each(|l| self.line(l));
        if let Some(extra) = self.extra {
            self.text += &extra(doc, cluster);
        }
    }

    fn modifications(&mut self, modifications: &[Modification]) {
        self.line("");
        self.line("Performing Requested Modifications:");
        modifications.iter().for_each(|m| self.item(m));
    }

    fn scores(&mut self, lines: &[ScoreLine]) {
        self.always("");
        match (self.show_scores, self.show_utilization) {
            (true, true) => self.line("Assignment Scores and Utilization Information:"),
            (false, true) => self.line("Utilization Information:"),
            _ => self.line("Assignment Scores:"),
        }
        let prefix = if self.quiet { "" } else { "  * " };
        for s in lines {
            self.always(&format!("{prefix}{s}"));
        }
    }

    fn summary(&mut self, changes: &[Change]) {
        if self.quiet {
            return;
        }
        self.line("");
        self.line("Transition Summary:");
        crate::report::summary::summary_lines(changes).iter().for_each(|l| self.line(l));
    }

    fn steps(&mut self, steps: &[Step]) {
        self.line("");
        self.line("Executing Cluster Transition:");
        for step in steps {
            match step {
                Step::Pseudo { task, node: None } => self.item(&format_args!("Pseudo action:   {task}")),
                Step::Pseudo { task, node: Some(node) } => {
                    self.item(&format_args!("Pseudo action:   {task} on {node}"));
                }
                Step::Fencing { target, action } => self.item(&format_args!("Fencing {target} ({action})")),
                Step::Cluster { task, resource, node } => {
                    let about = resource.as_ref().map_or(String::new(), |r| format!(" for {r}"));
                    self.item(&format_args!("Cluster action:  {task}{about} on {node}"));
                }
                Step::Resource { resource, task, interval_ms, node } => {
                    let every = if *interval_ms > 0 { format!("={interval_ms}") } else { String::new() };
                    self.item(&format_args!("Resource action: {resource:<15} {task}{every} on {node}"));
                }
                Step::Failed { action, rc } => {
                    self.line(&format!("Pretending action {action} failed with rc={rc}"));
                }
                Step::Attribute(a) => self.item(a),
                Step::Incomplete => {
                    self.line("Transition failed: terminated");
                    self.line("An invalid transition was produced");
                }
            }
        }
    }
}
