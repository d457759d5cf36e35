//! What tools expect to find in every CIB: the nodes, and who runs the cluster.

use super::changes::Wanted;
use crate::{Cib, Node};
use rhapsody_cib::{nvpair, patch};

impl Node {
    /// Once in a quorate view: adds what is missing, as an ordinary change.
    pub(crate) fn keep_house(&mut self) {
        if !self.quorate() {
            return;
        }
        let Some(dc) = &mut self.dc else { return };
        if dc.kept_house || !dc.changes.is_idle() {
            return;
        }
        dc.kept_house = true;
        let mut next = self.replica.held.cib.clone();
        self.complete(&mut next);
        let Some(patch) = patch::diff(&self.replica.held.cib, &next) else { return };
        self.want_change(Wanted {
            origin: None,
            patch,
            base: None,
            force: false,
            user: Some("hacluster".to_owned()),
        });
    }

    fn complete(&self, cib: &mut Cib) {
        let nodes = cib.nodes_mut();
        for peer in &self.config.layout.nodes {
            let id = peer.id.to_string();
            let of_id = cib.children_named(nodes, "node").find(|e| cib.attr(*e, "id") == Some(&id));
            let named = cib.children_named(nodes, "node").any(|e| cib.attr(e, "uname") == Some(&peer.name));
            if named {
                continue;
            }
            if let Some(e) = of_id {
                // It has another name since the last start.
                cib.set_attr(e, "uname", &peer.name);
            } else {
                let e = cib.append(nodes, "node");
                cib.set_attr(e, "id", &id);
                cib.set_attr(e, "uname", &peer.name);
            }
        }
        let config = cib.crm_config_mut();
        let found = cib
            .children_named(config, "cluster_property_set")
            .find(|e| cib.attr(*e, "id") == Some("cib-bootstrap-options"));
        let set = found.unwrap_or_else(|| {
            let e = cib.append(config, "cluster_property_set");
            cib.set_attr(e, "id", "cib-bootstrap-options");
            e
        });
        let watchdog = if self.config.have_watchdog { "true" } else { "false" };
        let name = self.config.cluster_name.as_str();
        for (key, value) in [
            ("have-watchdog", watchdog),
            ("dc-version", self.config.version.as_str()),
            ("cluster-infrastructure", "corosync"),
            // Also after 'cluster rename'.
            ("cluster-name", name),
        ] {
            let there = nvpair::get(cib, set, key).map(str::to_owned);
            if there.as_deref() != Some(value) && !value.is_empty() {
                nvpair::set(cib, set, key, value);
            }
        }
    }
}
