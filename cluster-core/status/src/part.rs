//! A status reduced to one node or one resource (`crm_mon --node`, `--resource`).

use crate::types::{Entry, Group, Instance, Resource, Status};

impl Status {
    /// What concerns a node and a resource; everything else is left out.
    pub fn part(&self, node: Option<&str>, resource: Option<&str>) -> Status {
        let mut part = self.clone();
        if let Some(id) = resource {
            part.resources.retain(|entry| stands_for(entry, id));
            for entry in &mut part.resources {
                if let Entry::Bundle(bundle) = entry
                    && bundle.id != id
                {
                    bundle.only = Some(id.to_owned());
                }
            }
            let known: Vec<String> = part
                .resources
                .iter()
                .flat_map(|entry| entry.primitives())
                .flat_map(|rsc| [rsc.id.clone(), rsc.instance.clone()])
                .collect();
            let of_it = |key: &str, task: &str, interval_ms: u64| {
                let end = format!("_{task}_{interval_ms}");
                key.strip_suffix(&end).is_some_and(|id| known.iter().any(|k| k == id))
            };
            part.failures.retain(|f| of_it(f.op_key.as_deref().unwrap_or(&f.id), &f.task, f.interval_ms));
            part.bans.retain(|ban| ban.resource == id);
            for history in &mut part.node_history {
                history.resources.retain(|r| known.contains(&r.id));
            }
        }
        if let Some(name) = node {
            part.nodes.retain(|n| n.name == name);
            part.node_attributes.retain(|n| n.node == name);
            part.node_history.retain(|n| n.node == name);
            part.failures.retain(|f| f.node == name);
            part.bans.retain(|ban| ban.node == name);
            part.resources.retain_mut(|entry| keep_on(entry, name));
        }
        part
    }
}

fn stands_for(entry: &Entry, id: &str) -> bool {
    entry.id() == id
        || matches!(entry, Entry::Clone(clone) if clone.child == id)
        || entry.primitives().into_iter().any(|rsc| rsc.is_called(id))
}

impl Resource {
    /// By its own id, that of its instance, or the one all instances have in the configuration.
    pub(crate) fn is_called(&self, id: &str) -> bool {
        let is_number = |number: &str| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        let number = self.instance.strip_prefix(id).and_then(|rest| rest.strip_prefix(':'));
        self.id == id || self.instance == id || number.is_some_and(is_number)
    }
}

/// On that node, or on none at all.
fn concerns(rsc: &Resource, node: &str) -> bool {
    rsc.nodes.is_empty() || rsc.nodes.iter().any(|n| n.name == node)
}

fn group_concerns(group: &Group, node: &str) -> bool {
    let mut nodes = group.members.iter().flat_map(|m| &m.nodes).peekable();
    nodes.peek().is_none() || nodes.any(|n| n.name == node)
}

fn keep_on(entry: &mut Entry, node: &str) -> bool {
    match entry {
        Entry::Resource(rsc) => concerns(rsc, node),
        Entry::Group(group) => group_concerns(group, node),
        Entry::Clone(clone) => {
            clone.instances.retain(|instance| match instance {
                Instance::Resource(rsc) => concerns(rsc, node),
                Instance::Group(group) => group_concerns(group, node),
            });
            clone.allowed.retain(|(name, _)| name == node);
            !clone.instances.is_empty()
        }
        Entry::Bundle(bundle) => {
            bundle.replicas.retain(|replica| concerns(&replica.container, node));
            !bundle.replicas.is_empty()
        }
    }
}
