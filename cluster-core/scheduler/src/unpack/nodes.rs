//! `<nodes>`, and the nodes that resources bring with them.

use super::{Reader, rules, values};
use crate::model::{Node, NodeIdx, NodeKind, natural_cmp};
use rhapsody_xml::Element;
use smol_str::SmolStr;

impl Reader<'_> {
    pub(super) fn nodes(&mut self) {
        let doc = self.env.doc;
        let Some(section) = self.env.section("nodes") else { return };
        for e in doc.children_named(section, "node") {
            let Some(id) = doc.attr(e, "id").filter(|v| !v.is_empty()) else {
                self.c.issue(true, None, "Ignoring a node entry without id".into());
                continue;
            };
            let name = doc.attr(e, "uname").unwrap_or(id);
            let kind = match doc.attr(e, "type").unwrap_or("member") {
                "member" | "ping" => NodeKind::Cluster,
                "remote" => NodeKind::Remote,
                other => {
                    let text = format!("Ignoring node {name}: unknown type '{other}'");
                    self.c.issue(true, Some(id), text);
                    continue;
                }
            };
            let score = doc.attr(e, "score").and_then(values::score).unwrap_or(0);
            let node = self.add_node(id, name, kind, score);
            self.c[node].unclean = kind == NodeKind::Cluster && self.c.options.startup_fencing;
            if doc.attr(doc.root(), "dc-uuid") == Some(id) && kind == NodeKind::Cluster {
                self.c[node].is_dc = true;
                self.c.dc = Some(node);
            }
            self.node_attributes(node, e, false);
            self.node_utilization(node, e);
        }
    }

    /// A node of that name, made if there is none.
    pub(super) fn add_node(&mut self, id: &str, name: &str, kind: NodeKind, score: i32) -> NodeIdx {
        if let Some(node) = self.c.node(name) {
            return node;
        }
        let at = NodeIdx(self.c.nodes.len() as u32);
        let mut node = Node::new(id, name, kind, score);
        let kind = if kind == NodeKind::Cluster { "cluster" } else { "remote" };
        node.attributes.insert("#uname".into(), name.into());
        node.attributes.insert("#id".into(), id.into());
        node.attributes.insert("#kind".into(), kind.into());
        node.attributes.insert("#is_dc".into(), "false".into());
        if let Some(cluster) = &self.c.options.cluster_name {
            node.attributes.insert("#cluster-name".into(), cluster.into());
            node.attributes.insert("#site-name".into(), cluster.into());
        }
        self.c.nodes.push(node);
        let place = self.c.node_order.partition_point(|n| natural_cmp(&self.c[*n].name, name).is_le());
        self.c.node_order.insert(place, at);
        at
    }

    /// Attributes from `instance_attributes` of a node (or its state). Later ones (transient) win.
    pub(super) fn node_attributes(&mut self, node: NodeIdx, element: Element, overwrite: bool) {
        let doc = self.env.doc;
        let blocks: Vec<Element> = doc.children_named(element, "instance_attributes").collect();
        let mut found = rules::Values::new();
        rules::resolve(doc, &blocks, &self.env.context(), None, &mut found);
        let site = found.get("site-name").cloned();
        let attributes = &mut self.c[node].attributes;
        for (name, value) in found {
            if overwrite || !attributes.contains_key(&name) {
                attributes.insert(name, value);
            }
        }
        if let Some(site) = site {
            attributes.insert("#site-name".into(), site);
        }
    }

    fn node_utilization(&mut self, node: NodeIdx, element: Element) {
        let doc = self.env.doc;
        let blocks: Vec<Element> = doc.children_named(element, "utilization").collect();
        let mut found = rules::Values::new();
        rules::resolve(doc, &blocks, &self.env.context(), None, &mut found);
        self.c[node].utilization = integers(found);
    }

    /// Nodes that a remote connection, or a `remote-node` meta-attribute, will define.
    pub(super) fn remote_nodes(&mut self) {
        let Some(section) = self.env.section("resources") else { return };
        let doc = self.env.doc;
        let mut names: Vec<SmolStr> = Vec::new();
        for e in doc.children(section) {
            match doc.name(e) {
                "primitive" => self.remote_names(e, &mut names),
                "group" => {
                    for child in doc.children_named(e, "primitive") {
                        self.remote_names(child, &mut names);
                    }
                }
                _ => {}
            }
        }
        for name in names {
            self.add_node(&name, &name, NodeKind::Remote, 0);
        }
    }

    fn remote_names(&mut self, primitive: Element, names: &mut Vec<SmolStr>) {
        let doc = self.env.doc;
        let Some(id) = doc.attr(primitive, "id") else { return };
        let (class, provider, agent) = self.agent_of(primitive);
        if class == "ocf" && provider == Some("pacemaker") && agent == "remote" {
            names.push(id.into());
            self.c.has_remote_nodes = true;
        }
        if let Some(name) = self.guest_node_name(primitive) {
            names.push(name);
            self.c.has_remote_nodes = true;
        }
    }

    /// Class, provider and type, from the template if the primitive has one.
    pub(super) fn agent_of(&self, primitive: Element) -> (&str, Option<&str>, &str) {
        let doc = self.env.doc;
        let source = self.template_of(primitive).unwrap_or(primitive);
        (
            doc.attr(source, "class").unwrap_or(""),
            doc.attr(source, "provider"),
            doc.attr(source, "type").unwrap_or(""),
        )
    }

    pub(super) fn template_of(&self, primitive: Element) -> Option<Element> {
        let id = self.env.doc.attr(primitive, "template")?;
        let section = self.env.section("resources")?;
        self.env.doc.children_named(section, "template").find(|t| self.env.doc.attr(*t, "id") == Some(id))
    }

    /// The value of the meta-attribute `remote-node`.
    pub(super) fn guest_node_name(&self, primitive: Element) -> Option<SmolStr> {
        let doc = self.env.doc;
        doc.children_named(primitive, "meta_attributes")
            .flat_map(|b| doc.children_named(b, "nvpair"))
            .find(|p| doc.attr(*p, "name") == Some("remote-node"))
            .and_then(|p| doc.attr(p, "value"))
            .map(SmolStr::from)
    }
}

/// Utilization values; what is not a number counts as 0.
pub(super) fn integers(values: rules::Values) -> indexmap::IndexMap<SmolStr, i64> {
    values.into_iter().map(|(k, v)| (k, values::leading_integer(&v).unwrap_or(0))).collect()
}
