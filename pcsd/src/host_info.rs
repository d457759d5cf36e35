//! What this host is and has, in the words pcs's clients know.

use crate::app::App;
use serde_json::{Value, json};

/// pcs's capability ids of what is really there; nothing else is claimed.
pub const CAPABILITIES: &[&str] = &[
    "cluster.create",
    "cluster.destroy",
    "corosync.config.get",
    "corosync.config.set",
    "corosync.link.add-remove-update",
    "node.start-stop-enable-disable",
    "node.start-stop-enable-disable.all",
    "node.start-stop-enable-disable.start-wait",
    "pcmk.cib.get",
    "pcmk.cib.set",
    "pcmk.cib.roles.promoted-unpromoted",
    "pcmk.properties.cluster",
    "pcmk.resource.create",
    "pcmk.resource.delete",
    "pcmk.resource.update",
    "pcmk.resource.group",
    "pcmk.resource.clone",
    "pcmk.resource.promotable",
    "pcmk.resource.enable-disable",
    "pcmk.resource.cleanup",
    "pcmk.resource.refresh",
    "pcmk.stonith.create",
    "pcmk.stonith.delete",
    "pcmk.stonith.fence",
    "pcmk.stonith.confirm",
    "pcs.auth.client",
    "pcs.auth.server",
    "pcs.auth.deauth-client",
    "status.corosync.membership",
    "status.pcmk.xml",
];

/// The programs whose part ours plays, in the versions it behaves as.
const PCS: [u32; 3] = [0, 11, 5];
const PACEMAKER: [u32; 3] = [2, 1, 5];
const COROSYNC: [u32; 3] = [3, 1, 7];

fn dotted(version: [u32; 3]) -> String {
    let [major, minor, patch] = version;
    format!("{major}.{minor}.{patch}")
}

pub fn versions() -> Value {
    json!({
        "rhel": [],
        "pcs": PCS,
        "pacemaker": PACEMAKER,
        "corosync": COROSYNC,
        "rhapsody": env!("CARGO_PKG_VERSION"),
    })
}

pub async fn check_host(app: &App) -> Value {
    let running = app.engine.is_running().await.unwrap_or(false);
    let enabled = app.core.is_enabled();
    let absent = json!({"installed": false, "enabled": false, "running": false, "version": null});
    let core = |version| {
        json!({
            "installed": true, "enabled": enabled, "running": running, "version": dotted(version),
        })
    };
    json!({
        "services": {
            "pacemaker": core(PACEMAKER),
            "pacemaker_remote": absent,
            "corosync": core(COROSYNC),
            "pcsd": {"installed": true, "enabled": true, "running": true, "version": dotted(PCS)},
            "sbd": absent,
            "qdevice": absent,
            "booth": absent,
        },
        "cluster_configuration_exists": configuration_exists(app),
    })
}

/// A cluster was set up here once: its membership or its resources are on disk.
pub fn configuration_exists(app: &App) -> bool {
    let cib_exists =
        std::fs::read_dir(app.paths.cib_folder()).is_ok_and(|mut entries| entries.next().is_some());
    app.paths.corosync_conf().exists() || cib_exists
}
