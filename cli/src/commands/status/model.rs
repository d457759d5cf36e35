//! The status behind the sections: computed here from a CIB, of a file or of the cluster.

use crate::context::Context;
use crate::failure::Failure;
use rhapsody_cib::Cib;
use rhapsody_status::Status;
use serde_json::json;
use std::time::{SystemTime, UNIX_EPOCH};

pub fn get(context: &mut Context) -> Result<Status, Failure> {
    if let Some((_, held)) = context.held() {
        return Ok(Status::new(held, now()));
    }
    let text = match context.options.value("-f") {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|e| Failure::Message(format!("Unable to read '{path}': {e}")))?,
        None => {
            let answer = context.run("rhapsody.cluster.cib", &json!({}))?;
            answer.as_str().ok_or_else(|| Failure::message("the answer is no CIB"))?.to_owned()
        }
    };
    let cib = Cib::parse(&text).map_err(|e| Failure::Message(e.to_string()))?;
    Ok(Status::new(&cib, now()))
}

pub fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs() as i64)
}
