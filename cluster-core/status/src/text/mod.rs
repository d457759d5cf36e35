//! The text of `crm_mon -1`.

mod history;
mod nodes;
pub(crate) mod resources;
mod summary;

use crate::types::Status;
use std::fmt::Write;

/// What to show, as crm_mon's options say it. The default is `crm_mon -1`.
#[derive(Debug, Clone, Default)]
pub struct MonOptions {
    /// `-r`: inactive resources too.
    pub inactive: bool,
    /// `-R`: every instance, node ids, technical failure lines.
    pub detail: bool,
    /// `-A`
    pub attributes: bool,
    /// `-f`
    pub failcounts: bool,
    /// `-c`
    pub tickets: bool,
    /// `-o`
    pub operations: bool,
    /// `-t`: operations with their times.
    pub timing: bool,
    /// `-n`
    pub by_node: bool,
    /// `-L`
    pub bans: bool,
    /// `-D`
    pub no_headers: bool,
    /// Only these sections (`--include=none,...`), by name; empty for the default ones.
    pub only: Vec<String>,
    /// Only this node or resource.
    pub node: Option<String>,
    pub resource: Option<String>,
    /// What "Stack:" says instead of `cluster-infrastructure`.
    pub stack: Option<String>,
    /// Another line of the summary.
    pub note: Option<String>,
}

impl MonOptions {
    fn shows(&self, section: &str, by_default: bool) -> bool {
        if self.only.is_empty() { by_default } else { self.only.iter().any(|name| name == section) }
    }
}

impl Status {
    /// The text of `crm_mon -1` with these options.
    pub fn crm_mon_text(&self, options: &MonOptions) -> String {
        if options.node.is_some() || options.resource.is_some() {
            let part = self.part(options.node.as_deref(), options.resource.as_deref());
            let all = MonOptions { node: None, resource: None, ..options.clone() };
            return part.crm_mon_text(&all);
        }
        let mut out = Sections::default();
        if options.shows("summary", !options.no_headers) {
            out.section(|text| summary::write(text, self, options));
        }
        if options.shows("nodes", true) && !self.nodes.is_empty() {
            out.section(|text| nodes::write(text, self, options));
        }
        if options.shows("resources", true) {
            out.section(|text| self.resource_section(text, options));
        }
        if options.shows("attributes", options.attributes) && !self.node_attributes.is_empty() {
            out.section(|text| history::attributes(text, self, options));
        }
        if options.shows("operations", options.operations || options.timing) && !self.node_history.is_empty()
        {
            out.section(|text| history::operations(text, self, options));
        }
        if options.shows("failcounts", options.failcounts)
            && !(options.operations || options.timing)
            && self.nodes.iter().any(|n| n.online)
        {
            out.section(|text| history::migration_summary(text, self, options));
        }
        if options.shows("failures", true) && !self.failures.is_empty() {
            out.section(|text| history::failures(text, self, options));
        }
        if options.shows("tickets", options.tickets) && !self.tickets.is_empty() {
            out.section(|text| history::tickets(text, self));
        }
        if options.shows("bans", options.bans) && !self.bans.is_empty() {
            out.section(|text| history::bans(text, self));
        }
        out.text
    }

    fn resource_section(&self, text: &mut String, options: &MonOptions) {
        if options.by_node {
            if !options.inactive {
                return;
            }
            text.push_str("Inactive Resources:\n");
            let before = text.len();
            for entry in &self.resources {
                resources::write_inactive(text, entry, 0, options);
            }
            if text.len() == before {
                text.push_str("  * No inactive resources\n");
            }
            return;
        }
        text.push_str(if options.inactive { "Full List of Resources:\n" } else { "Active Resources:\n" });
        let before = text.len();
        for entry in &self.resources {
            resources::write(text, entry, 0, options);
        }
        if text.len() == before {
            text.push_str(if options.inactive { "  * No resources\n" } else { "  * No active resources\n" });
        }
    }
}

/// Sections with an empty line between.
#[derive(Default)]
struct Sections {
    text: String,
}

impl Sections {
    fn section(&mut self, write: impl FnOnce(&mut String)) {
        let mut section = String::new();
        write(&mut section);
        if section.is_empty() {
            return;
        }
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(&section);
    }
}

/// One list line at a depth.
pub(crate) fn item(text: &mut String, depth: usize, line: &str) {
    let _ = writeln!(text, "{}* {line}", "  ".repeat(depth + 1));
}
