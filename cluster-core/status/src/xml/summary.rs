//! The head of the document: who leads, what changed last, the options in force.

use super::{XmlApi, add, yes};
use crate::types::Status;
use crate::words;
use rhapsody_xml::{Document, Element};

impl Status {
    pub(super) fn summary_xml(&self, doc: &mut Document, api: XmlApi, root: Element) {
        let summary = &self.summary;
        let at = add(doc, root, "summary", &[]);
        add(doc, at, "stack", &[("type", summary.stack.as_deref().unwrap_or("unknown"))]);
        match &summary.dc {
            None => add(doc, at, "current_dc", &[("present", "false")]),
            Some(dc) => add(
                doc,
                at,
                "current_dc",
                &[
                    ("present", "true"),
                    ("version", dc.version.as_deref().unwrap_or("")),
                    ("name", &dc.name),
                    ("id", &dc.id),
                    ("with_quorum", yes(summary.quorate)),
                    ("mixed_version", yes(dc.mixed_version)),
                ],
            ),
        };
        add(doc, at, "last_update", &[("time", &words::date(summary.last_update))]);
        let change = &summary.last_change;
        add(
            doc,
            at,
            "last_change",
            &[
                ("time", &change.time),
                ("user", &change.user),
                ("client", &change.client),
                ("origin", &change.origin),
            ],
        );
        add(doc, at, "nodes_configured", &[("number", &summary.nodes_configured.to_string())]);
        add(
            doc,
            at,
            "resources_configured",
            &[
                ("number", &summary.resources_configured.to_string()),
                ("disabled", &summary.resources_disabled.to_string()),
                ("blocked", &summary.resources_blocked.to_string()),
            ],
        );
        let fencing = yes(summary.stonith_enabled);
        let timeout = summary.stonith_timeout_ms.to_string();
        let options = [
            ("symmetric-cluster", yes(summary.symmetric_cluster)),
            ("no-quorum-policy", summary.no_quorum_policy),
            ("maintenance-mode", yes(summary.maintenance_mode)),
            ("stop-all-resources", yes(summary.stop_all_resources)),
        ];
        let delay = summary.priority_fencing_delay_ms.to_string();
        let delay = ("priority-fencing-delay-ms", delay.as_str());
        let (enabled, waited) = (("stonith-enabled", fencing), ("stonith-timeout-ms", timeout.as_str()));
        let all = match api {
            XmlApi::V2_25 => [&[enabled][..], &options[..], &[waited, delay][..]],
            XmlApi::V2_42 => [
                &[("fencing-enabled", fencing), ("fencing-timeout-ms", timeout.as_str())][..],
                &options[..],
                &[delay, enabled, waited][..],
            ],
        };
        add(doc, at, "cluster_options", &all.concat());
    }
}
