//! v0: files that other hosts put here, remove and fetch.

use crate::backup::Backup;
use crate::http::{Call, Reply};
use crate::known_hosts::{Host, HostsFile};
use crate::{cluster_files, files};
use base64::Engine as _;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// `data_json={"known_hosts_add": {..}, "known_hosts_remove": {} or []}`
pub async fn known_hosts_change(call: Call) -> Reply {
    let data = match call.form().json("data_json") {
        Ok(data) => data,
        Err(reply) => return reply,
    };
    let add = match data.get("known_hosts_add") {
        None | Some(Value::Null) => BTreeMap::new(),
        Some(Value::Array(list)) if list.is_empty() => BTreeMap::new(),
        Some(hosts) => match serde_json::from_value::<BTreeMap<String, Host>>(hosts.clone()) {
            Ok(hosts) => hosts,
            Err(_) => return Reply::refused("Incorrect format of known_hosts_add"),
        },
    };
    let remove: Vec<String> = match data.get("known_hosts_remove") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(list)) => list.iter().filter_map(|name| Some(name.as_str()?.to_owned())).collect(),
        Some(Value::Object(map)) => map.keys().cloned().collect(),
        Some(_) => return Reply::refused("Incorrect format of known_hosts_remove"),
    };
    let changed = call.app.known_hosts.change(|hosts| {
        for name in &remove {
            hosts.remove(name);
        }
        hosts.extend(add);
    });
    match changed {
        Ok(_) => Reply::text(""),
        Err(error) => Reply::refused(format!("Cannot update the known hosts: {error:#}")),
    }
}

/// The labelled objects of `data_json`.
fn labelled(call: &Call) -> Result<Map<String, Value>, Reply> {
    match call.form().json("data_json")? {
        Value::Object(map) => Ok(map),
        _ => Err(Reply::refused("Invalid input data format: it is not a hash")),
    }
}

fn bad_file(label: &str, text: &str) -> Reply {
    Reply::refused(format!("Invalid input data format: file (key: {label}): {text}"))
}

pub async fn remove_file(call: Call) -> Reply {
    let wanted = match labelled(&call) {
        Ok(wanted) => wanted,
        Err(reply) => return reply,
    };
    let mut paths = Vec::new();
    for (label, file) in &wanted {
        let kind = file["type"].as_str().unwrap_or_default();
        match kind {
            "pcsd_settings" => paths.push((label, call.app.paths.own("pcs_settings.conf"))),
            "pcmk_remote_authkey" => paths.push((label, call.app.paths.pacemaker_authkey())),
            "pcs_disaster_recovery_conf" => paths.push((label, call.app.paths.own("disaster-recovery"))),
            other => return bad_file(label, &format!("unsupported 'type' {other}")),
        }
    }
    let mut answer = Map::new();
    for (label, path) in paths {
        let (code, message) = match files::remove(&path) {
            Ok(true) => ("deleted", String::new()),
            Ok(false) => ("not_found", String::new()),
            Err(error) => ("unexpected", error.to_string()),
        };
        answer.insert(label.clone(), json!({"code": code, "message": message}));
    }
    Reply::v0(&json!({"files": answer}))
}

pub async fn put_file(call: Call) -> Reply {
    let wanted = match labelled(&call) {
        Ok(wanted) => wanted,
        Err(reply) => return reply,
    };
    // All are checked before the first is written.
    let mut checked = Vec::new();
    for (label, file) in &wanted {
        let kind = file["type"].as_str().unwrap_or_default();
        let Some(data) = file["data"].as_str() else {
            return bad_file(label, "missing 'data'");
        };
        let base64 = || base64::engine::general_purpose::STANDARD.decode(data.trim());
        let target = match kind {
            "corosync_authkey" => cluster_files::Target::CorosyncAuthkey,
            "pcmk_remote_authkey" => cluster_files::Target::PacemakerAuthkey,
            "corosync_conf" => cluster_files::Target::CorosyncConf,
            "pcs_settings_conf" => cluster_files::Target::Settings,
            "pcs_disaster_recovery_conf" => cluster_files::Target::DisasterRecovery,
            other => return bad_file(label, &format!("unsupported 'type' {other}")),
        };
        let bytes = match target.is_binary() {
            false => data.as_bytes().to_vec(),
            true => match base64() {
                Ok(bytes) => bytes,
                Err(_) => return bad_file(label, "'data' is not valid base64"),
            },
        };
        let rewrite = match &file["rewrite_existing"] {
            Value::Bool(flag) => *flag,
            Value::Null => false,
            other => other.as_str().is_none_or(|text| !text.is_empty()),
        };
        checked.push((label.clone(), target, bytes, rewrite));
    }
    let mut answer = Map::new();
    for (label, target, bytes, rewrite) in checked {
        let (code, message) = target.put(&call.app, &bytes, rewrite);
        answer.insert(label, json!({"code": code, "message": message}));
    }
    Reply::v0(&json!({"files": answer}))
}

pub async fn get_corosync_conf(call: Call) -> Reply {
    match files::read_optional(&call.app.paths.corosync_conf()) {
        Ok(Some(text)) => Reply::text(text),
        _ => Reply::refused("Unable to read corosync.conf"),
    }
}

pub async fn set_corosync_conf(call: Call) -> Reply {
    let form = call.form();
    let Some(text) = form.get("corosync_conf").filter(|text| !text.trim().is_empty()) else {
        return Reply::refused("Failed");
    };
    match cluster_files::replace_corosync_conf(&call.app, text) {
        Ok(()) => Reply::text("Succeeded"),
        Err(error) => {
            tracing::error!("corosync.conf is not replaced: {error:#}");
            Reply::refused("Failed")
        }
    }
}

pub async fn set_certs(call: Call) -> Reply {
    let form = call.form();
    let (Some(certificate), Some(key)) = (form.get("ssl_cert"), form.get("ssl_key")) else {
        return Reply::refused("Invalid certificate and/or key");
    };
    match call.app.tls.replace(certificate.as_bytes(), key.as_bytes()) {
        Ok(()) => Reply::text("success"),
        Err(error) => Reply::refused(format!("Invalid certificate and/or key: {error:#}")),
    }
}

/// As pcs does it: what went wrong is a text with 200, too.
pub async fn config_restore(call: Call) -> Reply {
    let Some(tarball) = call.form_bytes("tarball") else {
        return Reply::text("No backup file provided");
    };
    match Backup::parse(&tarball).and_then(|backup| backup.restore(&call.app)) {
        Ok(()) => Reply::text("Succeeded"),
        Err(error) => Reply::text(format!("unable to restore the cluster: {error:#}")),
    }
}

pub async fn get_sync_capabilities(_call: Call) -> Reply {
    Reply::v0(&json!({"syncable_configs": ["known-hosts"]}))
}

pub async fn get_configs(call: Call) -> Reply {
    let form = call.form();
    let name = cluster_files::cluster_name(&call.app);
    let wanted = form.get("cluster_name").unwrap_or_default();
    match name {
        None => Reply::v0(&json!({"status": "not_in_cluster"})),
        Some(name) if name != wanted => Reply::v0(&json!({"status": "wrong_cluster_name"})),
        Some(name) => match call.app.known_hosts.load() {
            Ok(file) => Reply::v0(&json!({
                "status": "ok",
                "cluster_name": name,
                "configs": {"known-hosts": {"type": "file", "text": file.text()}},
            })),
            Err(error) => Reply::refused(format!("{error:#}")),
        },
    }
}

pub async fn set_configs(call: Call) -> Reply {
    let Ok(data) = call.form().json("configs") else {
        return Reply::v0(&json!({"status": "bad_json"}));
    };
    let own = cluster_files::cluster_name(&call.app);
    let named = data["cluster_name"].as_str().unwrap_or_default();
    if own.as_deref().unwrap_or_default() != named {
        return Reply::v0(&json!({"status": "wrong_cluster_name"}));
    }
    let Some(configs) = data["configs"].as_object() else {
        return Reply::v0(&json!({"status": "bad_json"}));
    };
    let force = data["force"].as_bool().unwrap_or(false);
    let mut result = Map::new();
    for (name, config) in configs {
        let text = config["text"].as_str().unwrap_or_default();
        let outcome = match name.as_str() {
            "known-hosts" => match HostsFile::parse(text) {
                Ok(file) => match call.app.known_hosts.accept(file, force) {
                    Ok(true) => "accepted",
                    Ok(false) => "rejected",
                    Err(_) => "error",
                },
                Err(_) => "error",
            },
            _ => "not_supported",
        };
        result.insert(name.clone(), Value::from(outcome));
    }
    Reply::v0(&json!({"status": "ok", "result": result}))
}

/// Only of this cluster's nodes: other hosts are none of the asker's business.
pub async fn get_cluster_known_hosts(call: Call) -> Reply {
    let nodes = cluster_files::node_names(&call.app);
    match call.app.known_hosts.load() {
        Ok(file) => {
            let hosts: Map<String, Value> = file
                .known_hosts
                .iter()
                .filter(|(name, _)| nodes.contains(name))
                .map(|(name, host)| (name.clone(), json!({"dest_list": host.dest_list, "token": host.token})))
                .collect();
            Reply::v0(&Value::Object(hosts))
        }
        Err(error) => Reply::refused(format!("{error:#}")),
    }
}
