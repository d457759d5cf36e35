//! Status as text and data, kept as long as the CIB has not moved.

use crate::app::App;
use crate::engine::EngineError;
use rhapsody_api::core::Quorum;

#[derive(Default)]
pub struct Cache;

pub async fn text(_app: &App, _full: bool, _hide_inactive: bool) -> Result<String, EngineError> {
    Err(EngineError::NotRunning)
}

pub fn quorum_text(quorum: &Quorum) -> String {
    rhapsody_status::quorumtool_device_text(quorum, crate::files::unix_seconds() as i64)
}
