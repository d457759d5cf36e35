//! What one resource element says: agent, operations, meta-attributes, as flags and numbers.

use super::remote::is_remote_agent;
use super::resources::SharedMeta;
use super::{Reader, attributes, rules, values};
use crate::model::*;
use rhapsody_xml::Element;
use smol_str::SmolStr;
use std::sync::Arc;

impl Reader<'_> {
    pub(super) fn definition(&mut self, e: Element) -> Option<Definition> {
        let doc = self.env.doc;
        let id: SmolStr = doc.attr(e, "id")?.into();
        let template = match doc.attr(e, "template") {
            Some(name) => {
                let found = self.template_of(e);
                if found.is_none() {
                    let text = format!("Ignoring resource '{id}': no template '{name}'");
                    self.c.issue(true, Some(&id), text);
                    return None;
                }
                self.c.templates.entry(name.into()).or_default().push(id.clone());
                found
            }
            None => None,
        };
        let (class, provider, agent) = self.agent_of(e);
        if doc.name(e) == "primitive" && (class.is_empty() || agent.is_empty()) {
            return None;
        }
        let (class, provider, agent) = (class.into(), provider.map(SmolStr::from), agent.into());
        // As if the template were written out in front of what the resource itself says.
        let sources: Vec<Element> = template.into_iter().chain([e]).collect();
        let blocks = |name: &str| -> Vec<Element> {
            sources.iter().flat_map(|s| doc.children_named(*s, name).collect::<Vec<_>>()).collect()
        };
        Some(Definition {
            id,
            class,
            provider,
            agent,
            element: Some(e),
            template,
            meta_blocks: blocks("meta_attributes"),
            attribute_blocks: blocks("instance_attributes"),
            utilization_blocks: blocks("utilization"),
            fixed_params: Vec::new(),
            fixed_meta: Vec::new(),
            ops: self.operations(e, template),
        })
    }

    /// Its operations, and those of the template that it does not replace (same name and role).
    fn operations(&mut self, e: Element, template: Option<Element>) -> Vec<OpDef> {
        let doc = self.env.doc;
        let list = |source: Element| -> Vec<Element> {
            let all = doc.children_named(source, "operations");
            let mut out = Vec::new();
            for operations in all {
                let operations = rules::dereference(doc, operations);
                out.extend(doc.children_named(operations, "op"));
            }
            out
        };
        let key = |op: Element| {
            let role = doc
                .attr(op, "role")
                .and_then(Role::parse)
                .filter(|r| !matches!(r, Role::Started | Role::Unpromoted));
            (doc.attr(op, "name"), role)
        };
        let own = list(e);
        let mut all = own.clone();
        if let Some(t) = template {
            all.extend(list(t).into_iter().filter(|o| own.iter().all(|mine| key(*mine) != key(*o))));
        }
        all.into_iter().filter_map(|op| self.operation_definition(op)).collect()
    }

    fn operation_definition(&mut self, op: Element) -> Option<OpDef> {
        let doc = self.env.doc;
        let id = doc.attr(op, "id").unwrap_or("");
        let name = doc.attr(op, "name")?;
        let interval_ms = match doc.attr(op, "interval") {
            Some(text) => values::milliseconds(text).unwrap_or_else(|| {
                let text = format!("Ignoring interval '{text}' of operation {id}: not a duration");
                self.c.issue(true, Some(id), text);
                0
            }),
            None => 0,
        };
        // An operation may say it in a block as well; rules there are about dates only.
        let blocks: Vec<Element> = doc.children_named(op, "meta_attributes").collect();
        let mut meta = rules::Values::new();
        if !blocks.is_empty() {
            rules::resolve(doc, &blocks, &self.env.context(), None, &mut meta);
        }
        let get = |name: &str| doc.attr(op, name).or_else(|| meta.get(name).map(|v| v.as_str()));
        let role = match get("role") {
            Some(text) => {
                let role = Role::parse(text);
                if role.is_none() {
                    let text = format!("Ignoring role '{text}' of operation {id}: no such role");
                    self.c.issue(true, Some(id), text);
                }
                role
            }
            None => None,
        };
        let enabled = get("enabled").and_then(values::boolean).unwrap_or(true);
        Some(OpDef {
            id: id.into(),
            name: name.into(),
            interval_ms,
            role,
            enabled,
            element: Some(op),
            fixed: Vec::new(),
        })
    }

    /// First found wins: the element's own attributes and blocks, its ancestors' explicit ones
    /// (nearest first), `rsc_defaults`, then whatever the parent ended up with.
    pub(super) fn meta(
        &mut self,
        d: &Definition,
        parent: Option<ResourceIdx>,
        element: Option<Element>,
    ) -> SharedMeta {
        let key = element.map(|e| (e, parent));
        if let Some(found) = key.and_then(|k| self.metas.get(&k)) {
            return found.clone();
        }
        let doc = self.env.doc;
        let mut ctx = self.env.context();
        ctx.agent = Some((d.class.as_str(), d.provider.as_deref().unwrap_or(""), d.agent.as_str()));
        let mut own = rules::Values::new();
        for (name, value) in &d.fixed_meta {
            own.insert(name.clone(), value.clone());
        }
        if let Some(e) = element {
            for (name, value) in doc.attrs(e) {
                own.entry(name.into()).or_insert_with(|| value.into());
            }
        }
        rules::resolve(doc, &d.meta_blocks, &ctx, None, &mut own);
        modern_names(&mut own);
        let mut all = own.clone();
        let mut merge = |from: &rules::Values| {
            for (name, value) in from {
                if !all.contains_key(name) {
                    all.insert(name.clone(), value.clone());
                }
            }
        };
        let mut at = parent;
        while let Some(p) = at {
            merge(&self.c[p].own_meta);
            at = self.c[p].parent;
        }
        rules::resolve(doc, &self.env.rsc_defaults, &ctx, None, &mut all);
        if let Some(p) = parent {
            for (name, value) in self.c[p].meta.iter() {
                if !all.contains_key(name) {
                    all.insert(name.clone(), value.clone());
                }
            }
        }
        let shared = (Arc::new(all), Arc::new(own));
        if let Some(k) = key {
            self.metas.insert(k, shared.clone());
        }
        shared
    }

    /// What the meta-attributes say, as flags and numbers.
    pub(super) fn common(&mut self, rsc: &mut Resource, primitive: bool) {
        let meta = rsc.meta.clone();
        let get =
            |name: &str| meta.get(name).map(|v| v.as_str()).filter(|v| !v.eq_ignore_ascii_case("default"));
        let flag = |name: &str| get(name).and_then(values::boolean);
        rsc.priority = get("priority").and_then(values::score).unwrap_or(0);
        rsc.put(Flags::CRITICAL, flag("critical").unwrap_or(true));
        rsc.put(Flags::NOTIFY, flag("notify").unwrap_or(false));
        let d = &rsc.definition;
        let connection = primitive && is_remote_agent(d);
        rsc.put(Flags::REMOTE_CONNECTION, connection);
        rsc.put(Flags::MIGRATABLE, flag("allow-migrate").unwrap_or(connection));
        rsc.put(Flags::MANAGED, flag("is-managed").unwrap_or(true));
        if flag("maintenance").unwrap_or(false) || self.c.options.maintenance {
            rsc.clear(Flags::MANAGED);
            rsc.set(Flags::MAINTENANCE);
        }
        let top = rsc.parent.map(|p| self.c.top_of(p));
        let in_clone =
            rsc.variant == Variant::Clone || top.is_some_and(|t| self.c[t].variant != Variant::Group);
        let unique = match in_clone {
            true => match rsc.parent {
                Some(p) if rsc.number.is_some() || self.c[p].variant != Variant::Bundle => {
                    self.c[p].is_unique()
                }
                _ => flag("globally-unique").unwrap_or(false),
            },
            false => true,
        };
        rsc.put(Flags::UNIQUE, unique);
        rsc.multiple_active = match get("multiple-active") {
            Some("stop_only") => MultipleActive::StopOnly,
            Some("block") => MultipleActive::Block,
            Some("stop_unexpected") => MultipleActive::StopUnexpected,
            _ => MultipleActive::StopStart,
        };
        match get("resource-stickiness") {
            Some(v) => rsc.stickiness = values::score(v).unwrap_or(0),
            None => rsc.set(Flags::STICKY_DEFAULT),
        }
        rsc.migration_threshold = match get("migration-threshold").and_then(values::score) {
            Some(n) if n >= 0 => n,
            _ => INFINITY,
        };
        rsc.failure_timeout_ms = get("failure-timeout").and_then(values::milliseconds).unwrap_or(0);
        self.requires(rsc, primitive, connection);
    }

    fn requires(&mut self, rsc: &mut Resource, primitive: bool, connection: bool) {
        let o = &self.c.options;
        let device = primitive && rsc.definition.class == "stonith";
        let default = if device || connection {
            Requires::Quorum
        } else if self.c.enable_unfencing {
            Requires::Unfencing
        } else if o.fencing {
            Requires::Fencing
        } else if o.no_quorum == NoQuorum::Ignore {
            Requires::Nothing
        } else {
            Requires::Quorum
        };
        let wanted = match rsc.meta("requires").map(str::to_ascii_lowercase).as_deref() {
            Some("nothing") => Requires::Nothing,
            Some("quorum") => Requires::Quorum,
            Some("fencing") => Requires::Fencing,
            Some("unfencing") => Requires::Unfencing,
            _ => default,
        };
        let wanted = match wanted {
            Requires::Unfencing if device || !o.fencing => Requires::Quorum,
            Requires::Fencing if !o.fencing => Requires::Quorum,
            other => other,
        };
        rsc.requires = wanted;
        rsc.put(Flags::NEEDS_QUORUM, wanted == Requires::Quorum);
        rsc.put(Flags::NEEDS_FENCING, wanted >= Requires::Fencing);
        rsc.put(Flags::NEEDS_UNFENCING, wanted == Requires::Unfencing);
    }

    /// What needs the resource to have its place already.
    pub(super) fn after_add(&mut self, at: ResourceIdx) {
        let env = self.env;
        let mut blocks = rules::Values::new();
        let mut ctx = env.context();
        ctx.agent = Some(attributes::agent(&self.c, at));
        rules::resolve(env.doc, &self.c[at].definition.utilization_blocks, &ctx, None, &mut blocks);
        self.c[at].utilization = super::nodes::integers(blocks);
        if self.c[at].is(Flags::REMOTE_CONNECTION) {
            let params = attributes::parameters(env, &self.c, at, None);
            if let Some(ms) = params.get("reconnect_interval").and_then(|v| values::milliseconds(v))
                && ms > 0
            {
                self.c[at].reconnect_interval_ms = ms;
                self.c[at].failure_timeout_ms = ms;
            }
        }
        let target = self.c[at].target_role();
        if let Some(role) = super::history::target_limit(&self.c, at) {
            self.c[at].next_role = role;
        }
        let rsc = &self.c[at];
        if rsc.is_primitive()
            && rsc.meta("target-role").is_some()
            && target.is_none()
            && rsc.meta("target-role") != Some("default")
        {
            let text = format!("Ignoring target-role of '{}': no such role", rsc.id);
            let id = rsc.id.clone();
            self.c.issue(true, Some(&id), text);
        }
    }
}

/// Old spellings of meta-attributes under today's names.
fn modern_names(meta: &mut rules::Values) {
    const NAMES: [(&str, &str); 3] = [
        ("master-max", "promoted-max"),
        ("master-node-max", "promoted-node-max"),
        ("resource_stickiness", "resource-stickiness"),
    ];
    for (old, new) in NAMES {
        if let Some(v) = meta.get(old).cloned()
            && !meta.contains_key(new)
        {
            meta.insert(new.into(), v);
        }
    }
}
