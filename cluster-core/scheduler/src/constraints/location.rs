//! Location constraints, and applying them to the tables of a resource.

use super::Named;
use crate::explain::Cause;
use crate::model::*;
use crate::plan::Plan;
use crate::unpack::{attributes, rules, values};
use regex::Regex;
use rhapsody_xml::Element;

#[derive(Debug, Clone)]
pub struct Location {
    pub id: String,
    pub rsc: ResourceIdx,
    /// Unknown is any role.
    pub role: Role,
    pub discovery: Discovery,
    pub nodes: Vec<(NodeIdx, i32)>,
}

impl Plan<'_> {
    pub(super) fn location_constraint(&mut self, e: Element, id: &str) {
        let doc = self.env.doc;
        let role = |e: Element| doc.attr(e, "role").and_then(Role::parse);
        if let Some(pattern) = doc.attr(e, "rsc-pattern") {
            self.pattern_location(e, id, pattern);
            return;
        }
        if let Some(name) = doc.attr(e, "rsc") {
            match self.named(name, id) {
                Some(Named::One(rsc)) => self.locate(e, id, rsc, role(e), None, &[]),
                Some(Named::Many(all)) => {
                    for rsc in all {
                        self.locate(e, id, rsc, role(e), None, &[]);
                    }
                }
                None => {}
            }
        }
        for set in doc.children_named(e, "resource_set") {
            let set = self.read_set(set, id);
            for rsc in set.members {
                self.locate(e, id, rsc, set.role.or(role(e)), set.score, &[]);
            }
        }
    }

    /// `rsc-pattern`: an extended regular expression, `!` in front inverts it. Top-level resources only.
    fn pattern_location(&mut self, e: Element, id: &str, pattern: &str) {
        let doc = self.env.doc;
        let (invert, text) = match pattern.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, pattern),
        };
        const MAX_SIZE: usize = 1 << 20;
        let Ok(regex) = regex::RegexBuilder::new(text).size_limit(MAX_SIZE).build() else {
            self.issue(Some(id), format!("Ignoring constraint '{id}': invalid pattern '{pattern}'"));
            return;
        };
        let role = doc.attr(e, "role").and_then(Role::parse);
        for rsc in self.c.top.clone() {
            let name = self.c[rsc].id.clone();
            match groups(&regex, &name) {
                Some(found) if !invert => self.locate(e, id, rsc, role, None, &found),
                None if invert => self.locate(e, id, rsc, role, None, &[]),
                _ => {}
            }
        }
    }

    fn locate(
        &mut self,
        e: Element,
        id: &str,
        rsc: ResourceIdx,
        role: Option<Role>,
        score: Option<i32>,
        matched: &[String],
    ) {
        let doc = self.env.doc;
        let discovery = match doc.attr(e, "resource-discovery") {
            Some("never") => Discovery::Never,
            Some("exclusive") => Discovery::Exclusive,
            _ => Discovery::Always,
        };
        let score = score.or_else(|| doc.attr(e, "score").and_then(values::score));
        if let (Some(name), Some(score)) = (doc.attr(e, "node"), score) {
            if let Some(node) = self.c.nodes.iter().position(|n| n.name.eq_ignore_ascii_case(name)) {
                let nodes = vec![(NodeIdx(node as u32), score)];
                self.push_location(id, rsc, role, discovery, nodes);
            } else {
                self.issue(Some(id), format!("Ignoring constraint '{id}': no node '{name}'"));
            }
            return;
        }
        if let (Some(_), Some(text)) = (doc.attr(e, "node"), doc.attr(e, "score")) {
            self.issue(Some(id), format!("Ignoring constraint '{id}': '{text}' is not a score"));
        }
        let lifetime: Vec<Element> =
            doc.child(e, "lifetime").map(|l| doc.children_named(l, "rule").collect()).unwrap_or_default();
        for rule in doc.children_named(e, "rule") {
            let rule = rules::dereference(doc, rule);
            let role = doc.attr(rule, "role").and_then(Role::parse).or(role);
            let nodes = self.rule_nodes(rsc, rule, &lifetime, matched);
            if !nodes.is_empty() {
                self.push_location(id, rsc, role, discovery, nodes);
            }
        }
    }

    /// The nodes a rule is true for, with the score there.
    fn rule_nodes(
        &self,
        rsc: ResourceIdx,
        rule: Element,
        lifetime: &[Element],
        matched: &[String],
    ) -> Vec<(NodeIdx, i32)> {
        let doc = self.env.doc;
        let fixed = doc.attr(rule, "score").map(|s| values::score(s).unwrap_or(0));
        let attribute = doc.attr(rule, "score-attribute");
        let wants_params = doc.descendants(rule).any(|d| doc.attr(d, "value-source").is_some());
        let mut out = Vec::new();
        for node in self.c.node_order.iter().copied() {
            let params = wants_params.then(|| attributes::parameters(self.env, &self.c, rsc, Some(node)));
            let mut ctx = self.env.context();
            ctx.node = Some(&self.c[node].attributes);
            ctx.params = params.as_ref();
            ctx.meta = Some(&self.c[rsc].meta);
            ctx.matched = matched;
            if !rules::evaluate(doc, rule, &ctx) {
                continue;
            }
            if !lifetime.is_empty() && !lifetime.iter().any(|l| rules::evaluate(doc, *l, &ctx)) {
                continue;
            }
            let score = match (fixed, attribute) {
                (Some(score), _) => score,
                (None, Some(name)) => self.c[node].attr(name).and_then(values::score).unwrap_or(-INFINITY),
                (None, None) => 0,
            };
            out.push((node, score));
        }
        out
    }

    pub fn push_location(
        &mut self,
        id: &str,
        rsc: ResourceIdx,
        role: Option<Role>,
        discovery: Discovery,
        nodes: Vec<(NodeIdx, i32)>,
    ) {
        // A role that every active resource has is no condition.
        let role = match role {
            Some(Role::Promoted) => Role::Promoted,
            Some(Role::Stopped) => Role::Stopped,
            _ => Role::Unknown,
        };
        let at = self.locations.len() as u32;
        self.locations.push(Location { id: id.to_owned(), rsc, role, discovery, nodes });
        self.locations_of[rsc.0 as usize].push(at);
    }

    pub fn apply_locations(&mut self) {
        let all = std::mem::take(&mut self.locations);
        for (at, l) in (0u32..).zip(&all) {
            self.apply_location(l.rsc, l, false);
            // Inside a bundle it is the primitive that has roles.
            let child = self.c[l.rsc].bundle.as_ref().and_then(|b| b.child);
            if let Some(child) = child.filter(|_| l.role == Role::Promoted) {
                self.locations_of[child.0 as usize].push(at);
            }
        }
        self.locations = all;
    }

    /// With `zero`, only the entry is made (later members of a group).
    fn apply_location(&mut self, rsc: ResourceIdx, l: &Location, zero: bool) {
        if l.role == Role::Unknown {
            self.apply_to_table(rsc, l, zero);
        }
        match self.c[rsc].variant {
            Variant::Primitive => {}
            Variant::Group => {
                for (i, m) in self.children(rsc).into_iter().enumerate() {
                    self.apply_location(m, l, zero || i > 0);
                }
            }
            Variant::Clone => {
                for m in self.children(rsc) {
                    self.apply_location(m, l, zero);
                }
            }
            Variant::Bundle => {
                let Some(data) = self.c[rsc].bundle.clone() else { return };
                for r in &data.replicas {
                    self.apply_location(r.container, l, zero);
                    if let Some(ip) = r.ip {
                        self.apply_location(ip, l, zero);
                    }
                }
            }
        }
    }

    fn apply_to_table(&mut self, rsc: ResourceIdx, l: &Location, zero: bool) {
        for (node, score) in &l.nodes {
            let score = if zero { 0 } else { *score };
            let r = &mut self.c[rsc];
            match r.allowed.get_mut(*node) {
                Some(entry) => entry.score = add_scores(entry.score, score),
                None => {
                    r.allowed.entry(*node, score);
                }
            }
            if let Some(entry) = r.allowed.get_mut(*node)
                && entry.discovery < l.discovery
            {
                entry.discovery = l.discovery;
                if l.discovery == Discovery::Exclusive {
                    r.set(Flags::EXCLUSIVE_PROBES);
                }
            }
            self.note_added(rsc, *node, score, || match l.id.as_str() {
                "node-health" => Cause::Health,
                id => Cause::Location(id.into()),
            });
        }
    }
}

fn groups(regex: &Regex, text: &str) -> Option<Vec<String>> {
    let found = regex.captures(text)?;
    Some(found.iter().map(|g| g.map(|m| m.as_str().to_owned()).unwrap_or_default()).collect())
}
