//! A bundle: its containers spread like instances, then what belongs to each.

use super::scores::Select;
use crate::explain::Cause;
use crate::model::*;
use crate::plan::Plan;

impl Plan<'_> {
    /// Containers as instances, then what belongs to each.
    pub(super) fn assign_bundle(
        &mut self,
        bundle: ResourceIdx,
        prefer: Option<NodeIdx>,
        stop_if_fail: bool,
    ) -> Option<NodeIdx> {
        if self.c[bundle].is(Flags::ASSIGNING) {
            return None;
        }
        let data = self.c[bundle].bundle.clone()?;
        // Each time it is asked for, even if nothing is left to decide.
        self.show_scores(bundle, "pcmk__bundle_assign");
        if !self.c[bundle].is(Flags::UNASSIGNED) {
            return None;
        }
        self.c[bundle].set(Flags::ASSIGNING);
        let mut containers: Vec<ResourceIdx> = data.replicas.iter().map(|r| r.container).collect();
        self.sort_instances(&mut containers);
        self.assign_instances(bundle, &containers, data.replicas.len() as i32, data.per_host);
        for r in &data.replicas {
            let host = self.c[r.container].assigned;
            if let Some(ip) = r.ip {
                self.assign_resource(ip, prefer, stop_if_fail);
            }
            if let Some(connection) = r.connection {
                if let Some(h) = host
                    && self.c[h].is_remote()
                    && let Some(outer) = self.c[h].connection
                {
                    // A connection through a remote node follows that node's connection.
                    self.colocate(
                        "#replica-remote-with-host-remote",
                        None,
                        INFINITY,
                        (connection, None),
                        (outer, None),
                        true,
                        false,
                    );
                }
                self.assign_resource(connection, prefer, stop_if_fail);
            }
            if let (Some(child), Some(node)) = (r.child, r.node) {
                self.assign_replica_child(child, node, prefer, stop_if_fail);
            }
        }
        if let Some(child) = data.child {
            let nodes: Vec<NodeIdx> = self.c[child].allowed.iter().map(|(n, _)| n).collect();
            for n in nodes {
                let own = data.replicas.iter().any(|r| r.node == Some(n));
                if let Some(e) = self.c[child].allowed.get_mut(n) {
                    e.score = if own { 0 } else { -INFINITY };
                }
            }
            self.assign_resource(child, prefer, stop_if_fail);
        }
        self.c[bundle].clear(Flags::ASSIGNING.and(Flags::UNASSIGNED));
        None
    }

    fn assign_replica_child(
        &mut self,
        child: ResourceIdx,
        node: NodeIdx,
        prefer: Option<NodeIdx>,
        stop_if_fail: bool,
    ) {
        let nodes: Vec<NodeIdx> = self.c[child].allowed.iter().map(|(n, _)| n).collect();
        for n in nodes {
            let usable = n == node && !self.reached_threshold(child, n);
            let score = if usable { INFINITY } else { -INFINITY };
            if let Some(e) = self.c[child].allowed.get_mut(n) {
                e.score = score;
            }
        }
        let parent = self.c[child].parent;
        if let Some(p) = parent {
            self.c[p].set(Flags::ASSIGNING);
        }
        self.note(|_| Cause::Internal("it runs in its own container only".into()));
        self.assign_resource(child, prefer.filter(|_| false).or(Some(node)), stop_if_fail);
        if let Some(p) = parent {
            self.c[p].clear(Flags::ASSIGNING);
        }
    }

    /// What wants to be with the promoted role of a bundle looks at hosts; the scores of the inner
    /// clone are about the nodes in the containers there.
    pub(super) fn add_wishes_for_bundle(&mut self, clone: ResourceIdx, table: &mut NodeTable) {
        let Some(bundle) = self.c[clone].parent else { return };
        let Some(data) = self.c[bundle].bundle.clone() else { return };
        let mut left: Vec<(NodeIdx, NodeIdx)> = data
            .replicas
            .iter()
            .filter_map(|r| Some((r.node?, self.c[r.container].assigned?)))
            .filter(|(inside, _)| table.contains(*inside))
            .collect();
        // Several replicas on one host each ask for themselves.
        while !left.is_empty() {
            let mut hosts = NodeTable::default();
            let mut round = Vec::new();
            left.retain(|(inside, host)| {
                let taken = hosts.contains(*host);
                if !taken {
                    hosts.entry(*host, table.score(*inside).unwrap_or(0));
                    round.push((*inside, *host));
                }
                taken
            });
            for c in self.with_this_of(bundle) {
                let col = &self.colocations[c.0 as usize];
                if col.primary_role != Role::Promoted || !self.has_influence(c, None) {
                    continue;
                }
                let (dependent, factor) = (col.dependent, col.score as f32 / INFINITY as f32);
                let select = Select { nonnegative: true, active: true, this_with: false };
                self.merge_scores(dependent, clone, &mut hosts, Some(c), factor, select);
            }
            for (inside, host) in round {
                if let (Some(e), Some(score)) = (table.get_mut(inside), hosts.score(host)) {
                    e.score = score;
                }
            }
        }
    }
}
