//! `<resources>`: the tree of primitives, groups and clones with their meta-attributes.

use super::{Reader, attributes, rules, values};
use crate::model::*;
use indexmap::IndexMap;
use rhapsody_xml::Element;

use smol_str::{SmolStr, format_smolstr};
use std::sync::Arc;

/// All meta-attributes, and those explicitly set on the element.
pub(super) type SharedMeta = (Arc<rules::Values>, Arc<rules::Values>);

/// The most instances or replicas that one element may ask for.
pub(super) const MAX_INSTANCES: i32 = 10_000;

/// Where a resource is put in the tree.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub parent: Option<ResourceIdx>,
    /// Instance number that becomes part of the id.
    pub number: Option<u32>,
}

impl Reader<'_> {
    pub(super) fn resources(&mut self) {
        let Some(section) = self.env.section("resources") else { return };
        let doc = self.env.doc;
        self.c.enable_unfencing = self.unfencing_wanted(section);
        let mut guests = Vec::new();
        for e in doc.children(section) {
            let name = doc.name(e);
            if name == "template" {
                if let Some(id) = doc.attr(e, "id") {
                    self.c.templates.entry(id.into()).or_default();
                }
                continue;
            }
            let top = Place { parent: None, number: None };
            let made = match name {
                "bundle" => self.bundle(e),
                "primitive" | "group" | "clone" | "master" => self.resource(e, top),
                _ => continue,
            };
            match made {
                Some(rsc) => {
                    self.c.top.push(rsc);
                    let members: Vec<_> = match self.c[rsc].variant {
                        Variant::Primitive => vec![rsc],
                        Variant::Group => self.c[rsc].children.clone(),
                        _ => Vec::new(),
                    };
                    guests.extend(
                        members.into_iter().filter(|m| self.c[*m].own_meta.contains_key("remote-node")),
                    );
                }
                None => {
                    let id = doc.attr(e, "id").map(str::to_owned);
                    let text = format!("Ignoring <{name}> resource '{}'", id.as_deref().unwrap_or("(no id)"));
                    self.c.issue(true, id.as_deref(), text);
                }
            }
        }
        for guest in guests {
            self.guest_connection(guest);
        }
        for rsc in self.c.all_resources() {
            self.link_container(rsc);
            self.link_remote(rsc);
        }
        let mut top = std::mem::take(&mut self.c.top);
        top.sort_by_key(|r| std::cmp::Reverse(self.c[*r].priority));
        self.c.top = top;
        if !self.c.options.have_watchdog && !self.c.has_fence_device && self.c.options.fencing {
            let text = "Resource start-up disabled since no fencing resources have been defined; \
                        either configure some or disable fencing with the fencing-enabled option";
            self.c.issue(true, None, text.into());
        }
    }

    /// Any resource or default that speaks of unfencing switches it on.
    fn unfencing_wanted(&self, section: Element) -> bool {
        let doc = self.env.doc;
        let pair = |e: Element| {
            doc.name(e) == "nvpair"
                && matches!(doc.attr(e, "name"), Some("provides" | "requires"))
                && doc.attr(e, "value") == Some("unfencing")
        };
        doc.descendants(section).any(pair)
            || self.env.rsc_defaults.iter().any(|b| doc.descendants(*b).any(pair))
    }

    /// One primitive, group or clone and everything below it.
    pub(super) fn resource(&mut self, e: Element, place: Place) -> Option<ResourceIdx> {
        let doc = self.env.doc;
        let variant = match doc.name(e) {
            "primitive" => Variant::Primitive,
            "group" => Variant::Group,
            "clone" | "master" => Variant::Clone,
            _ => return None,
        };
        doc.attr(e, "id").filter(|id| !id.is_empty())?;
        let definition = match self.definitions.get(&e) {
            Some(d) => d.clone(),
            None => {
                let d = Arc::new(self.definition(e)?);
                self.definitions.insert(e, d.clone());
                d
            }
        };
        let promotable = doc.name(e) == "master";
        let rsc = self.add(definition, variant, place, Some(e), promotable);
        match variant {
            Variant::Group => self.group(rsc, e, place.number)?,
            Variant::Clone => self.clone(rsc, e)?,
            _ => {}
        }
        self.default_locations(rsc);
        Some(rsc)
    }

    /// Everything a resource of any variant has; `element` is `None` for implicit ones.
    pub(super) fn add(
        &mut self,
        definition: Arc<Definition>,
        variant: Variant,
        place: Place,
        element: Option<Element>,
        promotable: bool,
    ) -> ResourceIdx {
        let id = match place.number {
            Some(n) => format_smolstr!("{}:{n}", definition.id),
            None => definition.id.clone(),
        };
        let (meta, own_meta) = self.meta(&definition, place.parent, element);
        let at = ResourceIdx(self.c.resources.len() as u32);
        if self.c.by_id.contains_key(&id) {
            let text = format!("Ignoring duplicate resource id '{id}'");
            self.c.issue(true, Some(&id), text);
        }
        let mut rsc = blank(id, definition, variant, place, meta, own_meta);
        rsc.put(Flags::PROMOTABLE, promotable);
        let primitive = variant == Variant::Primitive;
        self.common(&mut rsc, primitive);
        if primitive && rsc.definition.class == "stonith" {
            rsc.set(Flags::FENCE_DEVICE);
            self.c.has_fence_device = true;
        }
        self.c.by_id.entry(rsc.id.clone()).or_insert(at);
        self.c.resources.push(rsc);
        self.after_add(at);
        at
    }

    fn definition(&mut self, e: Element) -> Option<Definition> {
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
        // Its own blocks come first: what it says itself wins.
        let sources: Vec<Element> = [e].into_iter().chain(template).collect();
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
    fn meta(&mut self, d: &Definition, parent: Option<ResourceIdx>, element: Option<Element>) -> SharedMeta {
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
    fn common(&mut self, rsc: &mut Resource, primitive: bool) {
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
    fn after_add(&mut self, at: ResourceIdx) {
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

    fn group(&mut self, rsc: ResourceIdx, e: Element, number: Option<u32>) -> Option<()> {
        let doc = self.env.doc;
        let flag = |r: &Resource, name: &str| r.meta(name).and_then(values::boolean).unwrap_or(true);
        let (ordered, collocated) = (flag(&self.c[rsc], "ordered"), flag(&self.c[rsc], "collocated"));
        self.c[rsc].put(Flags::ORDERED, ordered);
        self.c[rsc].put(Flags::COLLOCATED, collocated);
        let members: Vec<Element> = doc.children_named(e, "primitive").collect();
        for m in members {
            match self.resource(m, Place { parent: Some(rsc), number }) {
                Some(child) => self.c[rsc].children.push(child),
                None => self.issue_of(m),
            }
        }
        if self.c[rsc].children.is_empty() {
            let id = self.c[rsc].id.clone();
            self.c.issue(false, Some(&id), format!("Group {id} has no children"));
        }
        Some(())
    }

    fn issue_of(&mut self, e: Element) {
        let id = self.env.doc.attr(e, "id").map(str::to_owned);
        let text = format!("Ignoring resource '{}'", id.as_deref().unwrap_or("(no id)"));
        self.c.issue(true, id.as_deref(), text);
    }

    fn clone(&mut self, rsc: ResourceIdx, e: Element) -> Option<()> {
        let doc = self.env.doc;
        let child = doc.children(e).filter(|c| matches!(doc.name(*c), "primitive" | "group")).last()?;
        self.clone_options(rsc);
        self.c[rsc].clone.get_or_insert_default().child_definition = Some(child);
        let anonymous_only = self.cannot_be_unique(child);
        if anonymous_only && self.c[rsc].is_unique() {
            let id = self.c[rsc].id.clone();
            let text = format!("Ignoring globally-unique for {id}: its agents support only anonymous clones");
            self.c.issue(true, Some(&id), text);
            self.c[rsc].clear(Flags::UNIQUE);
        }
        if !self.c[rsc].is_unique()
            && let Some(d) = self.c[rsc].clone.as_mut()
        {
            d.node_max = d.node_max.min(1);
        }
        let max = self.c[rsc].clone.as_ref().map_or(0, |c| c.max);
        for _ in 0..max {
            self.new_instance(rsc)?;
        }
        if max == 0 {
            let instance = self.new_instance(rsc)?;
            self.mark_removed(instance);
        }
        Some(())
    }

    pub(super) fn mark_removed(&mut self, rsc: ResourceIdx) {
        self.c[rsc].set(Flags::REMOVED);
        for child in self.c[rsc].children.clone() {
            self.mark_removed(child);
        }
    }

    /// The numbers of a clone, from its meta-attributes.
    pub(super) fn clone_options(&mut self, rsc: ResourceIdx) {
        let nodes = self.c.nodes.len().max(1) as i32;
        let r = &mut self.c[rsc];
        let meta = r.meta.clone();
        let number = |name: &str| meta.get(name).and_then(|v| values::score(v));
        let flag = |name: &str| meta.get(name).and_then(|v| values::boolean(v));
        let max = number("clone-max").unwrap_or(nodes).clamp(0, MAX_INSTANCES);
        let node_max = number("clone-node-max").unwrap_or(1).max(0);
        let unique = flag("globally-unique").unwrap_or(node_max > 1);
        r.put(Flags::UNIQUE, unique);
        r.put(Flags::ORDERED, flag("ordered").unwrap_or(false));
        r.put(Flags::INTERLEAVE, flag("interleave").unwrap_or(false));
        let promotable = r.is_promotable() || flag("promotable").unwrap_or(false);
        r.put(Flags::PROMOTABLE, promotable);
        let promoted =
            |today: &str, before: &str| number(today).or_else(|| number(before)).unwrap_or(1).max(0);
        let promoted_max = if promotable { promoted("promoted-max", "master-max") } else { 0 };
        let promoted_node_max = if promotable { promoted("promoted-node-max", "master-node-max") } else { 0 };
        if r.is(Flags::STICKY_DEFAULT) {
            r.stickiness = 1;
            let mut meta = (*r.meta).clone();
            meta.insert("resource-stickiness".into(), "1".into());
            r.meta = Arc::new(meta);
        }
        let data = r.clone.get_or_insert_default();
        data.max = max;
        data.node_max = if unique { node_max } else { node_max.min(1) };
        data.promoted_max = promoted_max;
        data.promoted_node_max = promoted_node_max;
        data.min = number("clone-min").unwrap_or(0);
    }

    fn cannot_be_unique(&self, child: Element) -> bool {
        let doc = self.env.doc;
        let one =
            |e: Element| matches!(self.agent_of(e).0, "lsb" | "systemd" | "service" | "upstart" | "nagios");
        match doc.name(child) {
            "primitive" => one(child),
            _ => doc.children_named(child, "primitive").any(one),
        }
    }

    /// The next instance of a clone.
    pub(super) fn new_instance(&mut self, clone: ResourceIdx) -> Option<ResourceIdx> {
        let data = self.c[clone].clone.as_mut()?;
        let number = data.next_number;
        data.next_number += 1;
        let child = data.child_definition?;
        let instance = self.resource(child, Place { parent: Some(clone), number: Some(number) })?;
        self.c[clone].children.push(instance);
        Some(instance)
    }

    /// In a symmetric cluster every resource may run on every node known so far.
    pub(super) fn default_locations(&mut self, rsc: ResourceIdx) {
        if self.c.options.symmetric {
            for n in 0..self.c.nodes.len() as u32 {
                let node = NodeIdx(n);
                let score = self.c[node].score;
                self.c[rsc].allowed.entry(node, score);
            }
        }
    }

    /// The implicit connection of a guest node.
    fn guest_connection(&mut self, guest: ResourceIdx) {
        let meta = self.c[guest].meta.clone();
        let Some(name) = meta.get("remote-node").cloned() else { return };
        if self.c.by_id.contains_key(&name) {
            return;
        }
        let get = |n: &str| meta.get(n).cloned();
        let mut fixed_meta: Vec<(SmolStr, SmolStr)> =
            vec![("internal-rsc".into(), "true".into()), ("container".into(), self.c[guest].id.clone())];
        if let Some(v) = get("remote-allow-migrate") {
            fixed_meta.push(("allow-migrate".into(), v));
        }
        if let Some(v) = get("is-managed") {
            fixed_meta.push(("is-managed".into(), v));
        }
        let mut fixed_params = Vec::new();
        if let Some(v) = get("remote-addr") {
            fixed_params.push(("addr".into(), v));
        }
        if let Some(v) = get("remote-port") {
            fixed_params.push(("port".into(), v));
        }
        let timeout = get("remote-connect-timeout").unwrap_or_else(|| "60s".into());
        let definition = remote_definition(name, fixed_params, fixed_meta, &timeout);
        let place = Place { parent: None, number: None };
        let rsc = self.add(Arc::new(definition), Variant::Primitive, place, None, false);
        self.c[rsc].set(Flags::INTERNAL);
        self.default_locations(rsc);
        if !self.c.options.symmetric {
            for n in 0..self.c.nodes.len() as u32 {
                self.c[rsc].allowed.entry(NodeIdx(n), 0);
            }
        }
        self.c.top.push(rsc);
    }

    fn link_container(&mut self, rsc: ResourceIdx) {
        if self.c[rsc].container.is_some() || !self.c[rsc].is_primitive() {
            return;
        }
        let Some(name) = self.c[rsc].meta("container").map(str::to_owned) else { return };
        match self.c.resource(&name) {
            Some(container) if container != rsc => {
                self.c[rsc].container = Some(container);
                self.c[rsc].set(Flags::MAYBE_MIGRATING);
                self.c[container].launched.push(rsc);
            }
            _ => {
                let id = self.c[rsc].id.clone();
                self.c.issue(true, Some(&id), format!("Resource {id}: unknown container '{name}'"));
            }
        }
    }

    /// Tie a connection to its node.
    pub(super) fn link_remote(&mut self, rsc: ResourceIdx) {
        if !self.c[rsc].is(Flags::REMOTE_CONNECTION) || self.c[rsc].remote_node.is_some() {
            return;
        }
        let Some(node) = self.c.node(&self.c[rsc].id.clone()) else { return };
        if !self.c[node].is_remote() {
            return;
        }
        let guest = self.c[rsc].container.is_some();
        self.c[rsc].remote_node = Some(node);
        let n = &mut self.c[node];
        n.connection = Some(rsc);
        n.kind = if guest { NodeKind::Guest } else { NodeKind::Remote };
        n.unseen = true;
        n.unclean = false;
        n.attributes.insert("#kind".into(), if guest { "container" } else { "remote" }.into());
    }

    /// Tags: a list of references each.
    pub(super) fn tags(&mut self) {
        let Some(section) = self.env.section("tags") else { return };
        let doc = self.env.doc;
        for tag in doc.children_named(section, "tag") {
            let Some(id) = doc.attr(tag, "id") else { continue };
            let refs =
                doc.children_named(tag, "obj_ref").filter_map(|r| doc.attr(r, "id")).map(SmolStr::from);
            self.c.tags.entry(id.into()).or_default().extend(refs);
        }
    }
}

pub(super) fn is_remote_agent(d: &Definition) -> bool {
    d.class == "ocf" && d.provider.as_deref() == Some("pacemaker") && d.agent == "remote"
}

/// A connection resource that the configuration does not spell out.
pub(super) fn remote_definition(
    id: SmolStr,
    fixed_params: Vec<(SmolStr, SmolStr)>,
    fixed_meta: Vec<(SmolStr, SmolStr)>,
    start_timeout: &str,
) -> Definition {
    let op = |name: &str, interval: &str, timeout: &str| OpDef {
        id: format_smolstr!("{id}-{name}-interval-{interval}"),
        name: name.into(),
        interval_ms: values::milliseconds(interval).unwrap_or(0),
        role: None,
        enabled: true,
        element: None,
        fixed: vec![("timeout".into(), timeout.into())],
    };
    Definition {
        class: "ocf".into(),
        provider: Some("pacemaker".into()),
        agent: "remote".into(),
        ops: vec![op("monitor", "30s", "30s"), op("start", "0", start_timeout)],
        id,
        fixed_params,
        fixed_meta,
        ..Definition::default()
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

pub(super) fn blank(
    id: SmolStr,
    definition: Arc<Definition>,
    variant: Variant,
    place: Place,
    meta: Arc<rules::Values>,
    own_meta: Arc<rules::Values>,
) -> Resource {
    Resource {
        id,
        history_id: None,
        definition,
        variant,
        parent: place.parent,
        children: Vec::new(),
        flags: Flags::UNASSIGNED,
        role: Role::Stopped,
        next_role: Role::Unknown,
        orig_role: Role::Unknown,
        next_role_reason: None,
        priority: 0,
        stickiness: 0,
        migration_threshold: INFINITY,
        failure_timeout_ms: 0,
        reconnect_interval_ms: 0,
        multiple_active: MultipleActive::StopStart,
        requires: Requires::Nothing,
        meta,
        own_meta,
        utilization: IndexMap::new(),
        allowed: NodeTable::default(),
        known_on: Vec::new(),
        active: Vec::new(),
        assigned: None,
        dangling_migrations: Vec::new(),
        migration_source: None,
        migration_target: None,
        pending_task: None,
        pending_node: None,
        lock_node: None,
        lock_time: 0,
        container: None,
        launched: Vec::new(),
        remote_node: None,
        clone: None,
        bundle: None,
        number: place.number,
        promotion_priority: 0,
    }
}

/// Ids of everything below, for messages and lookups.
pub fn subtree(c: &Cluster, rsc: ResourceIdx) -> Vec<ResourceIdx> {
    let mut out = vec![rsc];
    let mut i = 0;
    while i < out.len() {
        out.extend(c[out[i]].children.iter().copied());
        i += 1;
    }
    out
}
