//! Cluster-wide options.

use super::{Reader, rules, values};
use crate::model::{HealthStrategy, NoQuorum, Placement};

impl Reader<'_> {
    pub(super) fn options(&mut self) {
        let doc = self.env.doc;
        let mut found = rules::Values::new();
        if let Some(section) = self.env.section("crm_config") {
            let sets: Vec<_> = doc.children_named(section, "cluster_property_set").collect();
            rules::resolve(doc, &sets, &self.env.context(), Some("cib-bootstrap-options"), &mut found);
        }
        let get = |names: &[&str]| names.iter().find_map(|n| found.get(*n)).map(|v| v.as_str());
        let mut bad = Vec::new();
        let mut flag = |names: &[&str], default: bool| match get(names) {
            Some(v) => values::boolean(v).unwrap_or_else(|| {
                bad.push((names[0].to_owned(), v.to_owned()));
                default
            }),
            None => default,
        };
        let o = &mut self.c.options;
        o.fencing = flag(&["fencing-enabled", "stonith-enabled"], true);
        o.symmetric = flag(&["symmetric-cluster"], true);
        o.concurrent_fencing = flag(&["concurrent-fencing"], true);
        o.startup_fencing = o.fencing && flag(&["startup-fencing"], true);
        o.have_watchdog = flag(&["have-watchdog"], false);
        o.start_failure_is_fatal = flag(&["start-failure-is-fatal"], true);
        o.startup_probes = flag(&["enable-startup-probes"], true);
        o.stop_all = flag(&["stop-all-resources"], false);
        o.stop_removed = flag(&["stop-removed-resources", "stop-orphan-resources"], true);
        o.cancel_removed = flag(&["cancel-removed-actions", "stop-orphan-actions"], true);
        o.maintenance = flag(&["maintenance-mode"], false);
        o.shutdown_lock = flag(&["shutdown-lock"], false);
        o.fence_remote_without_quorum = flag(&["fence-remote-without-quorum"], false);
        o.remove_after_stop = flag(&["remove-after-stop"], false);

        let ms = |names: &[&str]| get(names).and_then(values::milliseconds);
        o.priority_fencing_delay_ms = ms(&["priority-fencing-delay"]).unwrap_or(0);
        o.node_pending_timeout_ms = ms(&["node-pending-timeout"]).unwrap_or(0);
        o.shutdown_lock_limit_ms = ms(&["shutdown-lock-limit"]).unwrap_or(0);
        let text = |names: &[&str], default: &str| get(names).unwrap_or(default).to_owned();
        o.fencing_timeout = text(&["fencing-timeout", "stonith-timeout"], "60s");
        o.cluster_delay = text(&["cluster-delay"], "60s");
        o.fencing_action = match get(&["fencing-action", "stonith-action"]) {
            Some("poweroff") => "off".to_owned(),
            Some(a @ ("off" | "reboot")) => a.to_owned(),
            _ => "reboot".to_owned(),
        };
        o.batch_limit =
            get(&["batch-limit"]).and_then(values::leading_integer).unwrap_or(0).clamp(0, 1_000_000) as u32;
        o.migration_limit = get(&["migration-limit"])
            .and_then(values::leading_integer)
            .filter(|n| *n > 0)
            .map(|n| n.min(1_000_000) as i32);
        o.placement = match get(&["placement-strategy"]).map(str::to_ascii_lowercase).as_deref() {
            Some("utilization") => Placement::Utilization,
            Some("minimal") => Placement::Minimal,
            Some("balanced") => Placement::Balanced,
            _ => Placement::Default,
        };
        o.health = match get(&["node-health-strategy"]) {
            Some("migrate-on-red") => HealthStrategy::MigrateOnRed,
            Some("only-green") => HealthStrategy::OnlyGreen,
            Some("progressive") => HealthStrategy::Progressive,
            Some("custom") => HealthStrategy::Custom,
            _ => HealthStrategy::None,
        };
        let score = |name: &str, default: i32| get(&[name]).and_then(values::score).unwrap_or(default);
        o.health_base = score("node-health-base", 0);
        o.health_red = score("node-health-red", -crate::model::INFINITY);
        o.health_yellow = score("node-health-yellow", 0);
        o.health_green = score("node-health-green", 0);
        o.cluster_name = get(&["cluster-name"]).map(str::to_owned);

        let root = doc.root();
        self.c.quorate = values::is_true(doc.attr(root, "have-quorum"));
        self.c.execution_date = doc.attr(root, "execution-date").and_then(values::leading_integer);
        let fencing = self.c.options.fencing;
        let panic_allowed = self.c.quorate || values::is_true(doc.attr(root, "no-quorum-panic"));
        self.c.options.no_quorum = match get(&["no-quorum-policy"]).unwrap_or("stop") {
            "ignore" => NoQuorum::Ignore,
            "freeze" => NoQuorum::Freeze,
            "demote" => NoQuorum::Demote,
            "fence" | "suicide" if fencing && panic_allowed => NoQuorum::Fence,
            _ => NoQuorum::Stop,
        };
        for (name, value) in bad {
            self.c.issue(true, None, format!("Using default for option {name}: '{value}' is not a boolean"));
        }
    }
}
