//! v0: sbd as other hosts ask for it.

use crate::http::{Call, Reply};
use crate::sbd;
use serde_json::json;

pub async fn check(call: Call) -> Reply {
    let form = call.form();
    let devices: Vec<String> = match form.get("device_list").map(serde_json::from_str) {
        None => Vec::new(),
        Some(Ok(devices)) => devices,
        Some(Err(_)) => return Reply::refused("Invalid input data format"),
    };
    let mut answer = json!({"sbd": sbd::state()});
    if let Some(watchdog) = form.get("watchdog").filter(|path| !path.is_empty()) {
        // Whether it is one that sbd supports is only known by opening it.
        let exists = sbd::device(watchdog)["exist"].clone();
        answer["watchdog"] = json!({"path": watchdog, "exist": exists, "is_supported": exists});
    }
    answer["device_list"] = devices.iter().map(|path| sbd::device(path)).collect();
    Reply::v0(&answer)
}

pub async fn get_config(call: Call) -> Reply {
    match sbd::config(&call.app.paths) {
        Ok(Some(text)) => Reply::text(text),
        Ok(None) => Reply::refused("there is no configuration of SBD on this node"),
        Err(error) => Reply::refused(format!("unable to get SBD configuration: {error}")),
    }
}

pub async fn disable(_: Call) -> Reply {
    match sbd::disable() {
        Ok(()) => Reply::text("SBD disabled"),
        Err(error) => Reply::refused(format!("unable to disable SBD service: {error}")),
    }
}
