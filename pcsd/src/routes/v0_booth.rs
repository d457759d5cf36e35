//! v0: booth's files, from and to other hosts.

use crate::booth::{self, Instance};
use crate::http::{Call, Reply};
use rhapsody_ops::booth::DEFAULT_NAME;
use serde_json::json;

pub async fn get_config(call: Call) -> Reply {
    let form = call.form();
    let name = form.get("name").filter(|name| !name.is_empty()).unwrap_or(DEFAULT_NAME);
    match booth::read(&call.app.paths, name) {
        Ok(Some(instance)) => Reply::v0(&json!(instance)),
        Ok(None) => Reply::refused("Config doesn't exist"),
        Err(error) => Reply::refused(format!("Unable to read booth configuration: {error:#}")),
    }
}

pub async fn set_config(call: Call) -> Reply {
    let data = match call.form().json("data_json") {
        Ok(data) => data,
        Err(reply) => return reply,
    };
    let Ok(instance) = serde_json::from_value::<Instance>(data) else {
        return Reply::refused("Invalid input data format");
    };
    match booth::write(&call.app.paths, &instance) {
        Ok(()) => Reply::text("Booth configuration saved."),
        Err(error) => Reply::refused(format!("Unable to save booth configuration: {error:#}")),
    }
}
