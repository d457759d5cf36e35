//! `/api/v2/task/*`, shaped as pcs shapes it.

use crate::commands::{self, Sink};
use crate::http::{Call, JSON, Reply};
use rhapsody_api::task::{Command, CommandOptions, TaskResult};
use serde_json::{Value, json};

const NO_JSON: &str = "Request body is missing, has wrong format or wrong/missing headers.";

pub async fn run(call: Call) -> Reply {
    match command_of(&call) {
        Ok(command) => {
            let reports = Sink::default();
            let ident = uuid::Uuid::new_v4().to_string();
            let shown = commands::without_secrets(&command);
            let (finish, result) = commands::run(call.app, call.user, command, reports.clone()).await;
            let ready = reports.ready();
            let answer = commands::task_result(ident, shown, reports, finish, result);
            match ready {
                Some(json) => with_ready(&answer, &json),
                None => Reply::json(&answer),
            }
        }
        Err(reply) => reply,
    }
}

/// The answer with a result that is text already; `result` is its last field.
fn with_ready(answer: &TaskResult, json: &str) -> Reply {
    let text = serde_json::to_string(answer).unwrap_or_default();
    match text.strip_suffix("null}") {
        Some(head) => Reply::new(200, JSON, [head, json, "}"].concat()),
        None => Reply::json(answer),
    }
}

pub async fn create(call: Call) -> Reply {
    let command = match command_of(&call) {
        Ok(command) => command,
        Err(reply) => return reply,
    };
    match call.app.tasks.create(&call.app, &call.user, command) {
        Some(ident) => Reply::json(&json!({"task_ident": ident})),
        None => Reply::v2_error(503, Some("Too many tasks are running; try again later.")),
    }
}

pub async fn result(call: Call) -> Reply {
    let form = call.form();
    let Some(ident) = form.get("task_ident") else {
        return Reply::v2_error(400, Some("URL argument \"task_ident\" is missing."));
    };
    match call.app.tasks.result(&call.user, ident) {
        Some(result) => Reply::json(&result),
        None => Reply::v2_error(404, Some("Task with this identifier does not exist.")),
    }
}

pub async fn kill(call: Call) -> Reply {
    let body = match object_of(&call, &["task_ident"]) {
        Ok(body) => body,
        Err(reply) => return reply,
    };
    let Some(ident) = body["task_ident"].as_str() else {
        return Reply::v2_error(400, Some("\"task_ident\" is not a string."));
    };
    if call.app.tasks.kill(&call.user, ident) {
        Reply::new(200, JSON, "")
    } else {
        Reply::v2_error(404, Some("Task with this identifier does not exist."))
    }
}

/// The body as an object with exactly these keys.
fn object_of(call: &Call, keys: &[&str]) -> Result<Value, Reply> {
    let bad = |text: &str| Reply::v2_error(400, Some(text));
    if call.content_type.as_deref() != Some(JSON) {
        return Err(bad(NO_JSON));
    }
    let body: Value = serde_json::from_slice(&call.body).map_err(|_| bad("Malformed JSON data."))?;
    let Some(object) = body.as_object() else {
        return Err(bad(NO_JSON));
    };
    for key in keys {
        if !object.contains_key(*key) {
            return Err(bad(&format!("Required key \"{key}\" is missing in request body.")));
        }
    }
    let unexpected: Vec<&str> = object.keys().map(String::as_str).filter(|key| !keys.contains(key)).collect();
    if !unexpected.is_empty() {
        let names = unexpected.join(", ");
        return Err(bad(&format!("Request body contains unexpected keys: {names}.")));
    }
    Ok(body)
}

fn command_of(call: &Call) -> Result<Command, Reply> {
    let mut body = object_of(call, &["command_name", "params", "options"])?;
    let bad = |text: &str| Reply::v2_error(400, Some(text));
    let name = body["command_name"].as_str().ok_or_else(|| bad("\"command_name\" is not a string."))?;
    let name = name.to_owned();
    if !body["params"].is_object() {
        return Err(bad("\"params\" is not an object."));
    }
    let options: CommandOptions = serde_json::from_value(body["options"].take())
        .map_err(|error| bad(&format!("Bad \"options\": {error}.")))?;
    Ok(Command { command_name: name, params: body["params"].take(), options })
}
