//! Clones: the numbers that shape them, and their instances.

use super::resources::{MAX_INSTANCES, Place};
use super::{Reader, values};
use crate::model::*;
use rhapsody_xml::Element;
use std::sync::Arc;

impl Reader<'_> {
    pub(super) fn clone(&mut self, rsc: ResourceIdx, e: Element) -> Option<()> {
        let doc = self.env.doc;
        let child = doc.children(e).filter(|c| matches!(doc.name(*c), "primitive" | "group")).last()?;
        self.clone_instances(rsc, child)
    }

    /// Shape a clone by its meta-attributes and make its instances.
    pub(super) fn clone_instances(&mut self, rsc: ResourceIdx, child: Element) -> Option<()> {
        self.clone_options(rsc);
        self.c[rsc].clone.get_or_insert_default().child_definition = Some(child);
        let anonymous_only = self.cannot_be_unique(child);
        if anonymous_only && self.c[rsc].is_unique() {
            let id = self.c[rsc].id.clone();
            let text = format!("Ignoring globally-unique for {id}: its agents support only anonymous clones");
            self.c.issue(true, Some(&id), text);
            self.c[rsc].clear(Flags::UNIQUE);
            let nodes = self.c.nodes.len() as i32;
            if let Some(d) = self.c[rsc].clone.as_mut() {
                d.max = d.max.min(nodes);
            }
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
        let asked = number("clone-max").unwrap_or(nodes);
        let max = asked.clamp(0, MAX_INSTANCES);
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
        if asked > MAX_INSTANCES {
            let id = self.c[rsc].id.clone();
            let text = format!("Clone '{id}': {asked} instances are too many, using {max}");
            self.c.issue(true, Some(&id), text);
        }
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
}
