//! `<resources>`: the tree of primitives, groups and clones with their meta-attributes.

use super::{Reader, rules, values};
use crate::model::*;
use indexmap::IndexMap;
use rhapsody_xml::Element;

use smol_str::{SmolStr, format_smolstr};
use std::sync::Arc;

/// All meta-attributes, and those explicitly set on the element.
pub(super) type SharedMeta = (Arc<rules::Values>, Arc<rules::Values>);

/// The most instances or replicas that one element may ask for.
pub(super) const MAX_INSTANCES: i32 = 1000;

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
            let text = "Resource start-up disabled since no fencing resources have been defined. Either configure some or \
                        disable fencing with the fencing-enabled option. NOTE: Clusters with shared data need fencing to \
                        ensure data integrity.";
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

    /// In a symmetric cluster every resource may run on every node known so far, but inside a
    /// container only what belongs there.
    pub(super) fn default_locations(&mut self, rsc: ResourceIdx) {
        if self.c.options.symmetric {
            for n in 0..self.c.nodes.len() as u32 {
                let node = NodeIdx(n);
                if self.c.is_bundle_node(node) {
                    continue;
                }
                let score = self.c[node].score;
                self.c[rsc].allowed.entry(node, score);
            }
        }
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
        best_promotion: i32::MIN,
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
