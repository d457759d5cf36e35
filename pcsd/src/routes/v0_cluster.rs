//! v0: the cluster on this node.

use crate::commands::{self, Sink};
use crate::engine::EngineError;
use crate::http::{Call, Reply};
use crate::{cluster_files, local_node};
use rhapsody_api::core::Request;
use rhapsody_api::task::{Command, CommandOptions, TaskFinish};
use serde_json::json;
use std::time::Duration;

/// The members agree on the new file in this time.
const RELOAD_TIME: Duration = Duration::from_secs(40);

pub async fn destroy(call: Call) -> Reply {
    match local_node::destroy(&call.app).await {
        Ok(()) => Reply::text("Successfully destroyed cluster"),
        Err(error) => Reply::refused(error),
    }
}

pub async fn enable(call: Call) -> Reply {
    set_enabled(&call, true)
}

pub async fn disable(call: Call) -> Reply {
    set_enabled(&call, false)
}

fn set_enabled(call: &Call, enabled: bool) -> Reply {
    match call.app.core.set_enabled(enabled) {
        Ok(()) if enabled => Reply::text("Cluster Enabled"),
        Ok(()) => Reply::text("Cluster Disabled"),
        Err(error) => {
            tracing::error!("{error:#}");
            Reply::v0(&json!({"error": "true"}))
        }
    }
}

pub async fn start(call: Call) -> Reply {
    match local_node::start(&call.app).await {
        Ok(()) => Reply::text("Starting Cluster..."),
        Err(error) => Reply::refused(error),
    }
}

/// Ours is one program: it ends with the component `pacemaker`, and `corosync` finds it gone.
pub async fn stop(call: Call) -> Reply {
    match local_node::stop(&call.app).await {
        Ok(()) => Reply::text(""),
        Err(error) => Reply::refused(error),
    }
}

pub async fn node_status(call: Call) -> Reply {
    match local_node::status(&call.app).await {
        Ok(status) => Reply::v0(&status),
        Err(error) => Reply::refused(error),
    }
}

pub async fn quorum_info(call: Call) -> Reply {
    match local_node::quorum_text(&call.app).await {
        Ok(text) => Reply::text(text),
        // pcs's client compares this string.
        Err(EngineError::NotRunning) => Reply::text("Cannot initialize CMAP service\n"),
        Err(error) => Reply::refused(error.to_string()),
    }
}

pub async fn reload_corosync_conf(call: Call) -> Reply {
    let reloading = call.app.engine.request(Request::Reload, RELOAD_TIME).await;
    let (code, message) = match reloading {
        Ok(_) => ("reloaded", String::new()),
        Err(EngineError::NotRunning) => ("not_running", String::new()),
        Err(error) => ("failed", error.to_string()),
    };
    Reply::v0(&json!({"code": code, "message": message}))
}

/// `data_json={"node_list": [..]}`: the live CIB forgets these nodes.
pub async fn remove_nodes_from_cib(call: Call) -> Reply {
    let data = match call.form().json("data_json") {
        Ok(data) => data,
        Err(reply) => return reply,
    };
    let command = Command {
        command_name: "rhapsody.cluster.node_forget".to_owned(),
        params: json!({ "node_list": data["node_list"] }),
        options: CommandOptions::default(),
    };
    let reports = Sink::default();
    let (finish, _) = commands::run(call.app, call.user, command, reports.clone()).await;
    let told = reports.list().into_iter().map(|report| report.message.message).collect::<Vec<_>>();
    let code = if finish == TaskFinish::Success { "success" } else { "failed" };
    Reply::v0(&json!({"code": code, "message": told.join("; ")}))
}

/// The part of the web interface's status that clients on the command line read.
pub async fn status(call: Call) -> Reply {
    let form = call.form();
    let version = form.get("version").unwrap_or("1");
    if version != "2" {
        return Reply::refused(format!("Unsupported version '{version}' of status requested"));
    }
    let running = call.app.engine.is_running().await.unwrap_or(false);
    let enabled = call.app.core.is_enabled();
    let service = |installed: bool, enabled: bool, running: bool| json!({"installed": installed, "enabled": enabled, "running": running});
    Reply::v0(&json!({
        "cluster_name": cluster_files::cluster_name(&call.app).unwrap_or_default(),
        "username": call.user.name,
        "pcsd_capabilities": crate::host_info::CAPABILITIES,
        "known_nodes": cluster_files::node_names(&call.app),
        "node": {
            "corosync": running,
            "pacemaker": running,
            "corosync_enabled": enabled,
            "pacemaker_enabled": enabled,
            "pcsd_enabled": true,
            "services": {
                "pacemaker": service(true, enabled, running),
                "pacemaker_remote": service(false, false, false),
                "corosync": service(true, enabled, running),
                "pcsd": service(true, true, true),
                "sbd": service(false, false, false),
            },
        },
    }))
}

pub async fn status_plaintext(call: Call) -> Reply {
    let data = match call.form().json("data_json") {
        Ok(data) => data,
        Err(reply) => return reply,
    };
    let flag = |name: &str| data[name].as_bool().unwrap_or(false);
    match crate::status::text(&call.app, flag("verbose"), flag("hide_inactive_resources")).await {
        Ok(text) => Reply::v0(&json!({
            "status": "success", "status_msg": null, "report_list": [], "data": text,
        })),
        Err(error) => Reply::v0(&json!({
            "status": "error", "status_msg": error.to_string(), "report_list": [], "data": null,
        })),
    }
}
