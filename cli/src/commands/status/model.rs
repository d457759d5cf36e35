//! The status behind the sections: computed here from a CIB, of a file or of the cluster.

use crate::context::Context;
use crate::failure::Failure;
use rhapsody_cib::Cib;
use rhapsody_status::Status;
use serde_json::json;
use std::time::{SystemTime, UNIX_EPOCH};

pub fn get(context: &mut Context) -> Result<Status, Failure> {
    Ok(Status::new(&cib(context)?, now()))
}

/// The CIB of the file (`-f`) or of the cluster, with its status.
pub fn cib(context: &mut Context) -> Result<Cib, Failure> {
    if let Some((_, held)) = context.held() {
        return Ok(held.clone());
    }
    let text = match context.options.value("-f") {
        Some(path) => crate::whole_file::read(path.as_ref())
            .map_err(|e| Failure::Message(format!("Unable to read '{path}': {e}")))?,
        None => live_text(context)?,
    };
    Cib::parse(&text).map_err(|e| Failure::Message(e.to_string()))
}

/// The text of the cluster's CIB.
pub fn live_text(context: &mut Context) -> Result<String, Failure> {
    let answer = context.run("rhapsody.cluster.cib", &json!({}))?;
    Ok(answer.as_str().ok_or_else(|| Failure::message("the answer is no CIB"))?.to_owned())
}

pub fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs() as i64)
}
