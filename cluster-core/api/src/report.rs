//! Reports: what a command tells its caller, as data.
//!
//! The JSON shape is pcs's (`report_list` of API v1 and v2), so that automation written for pcs
//! reads ours. The text is rendered once, at the edge; `message.message` carries it for callers
//! that only want to print.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    Error,
    Warning,
    Deprecation,
    Info,
    Debug,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Severity {
    pub level: Level,
    /// The flag that turns this error into a warning: `FORCE`, `SKIP_OFFLINE_NODES`, ...
    pub force_code: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Stable, `UPPER_SNAKE`; pcs's code where pcs has one for the same thing.
    pub code: String,
    /// The sentence for people, without `Error: ` in front.
    pub message: String,
    #[serde(default)]
    pub payload: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    pub node: String,
}

/// One report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub severity: Severity,
    pub message: Message,
    /// The node it is about, where it is about one.
    #[serde(default)]
    pub context: Option<Context>,
}

impl Report {
    fn new(level: Level, code: &str, text: impl Into<String>) -> Self {
        Report {
            severity: Severity { level, force_code: None },
            message: Message { code: code.to_owned(), message: text.into(), payload: Map::new() },
            context: None,
        }
    }

    pub fn error(code: &str, text: impl Into<String>) -> Self {
        Self::new(Level::Error, code, text)
    }

    pub fn warning(code: &str, text: impl Into<String>) -> Self {
        Self::new(Level::Warning, code, text)
    }

    pub fn deprecation(code: &str, text: impl Into<String>) -> Self {
        Self::new(Level::Deprecation, code, text)
    }

    pub fn info(code: &str, text: impl Into<String>) -> Self {
        Self::new(Level::Info, code, text)
    }

    /// An error that `force_code` (usually `FORCE`) would turn into a warning.
    pub fn forceable(mut self, force_code: &str) -> Self {
        self.severity.force_code = Some(force_code.to_owned());
        self
    }

    /// Adds a typed field.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.message.payload.insert(name.to_owned(), value.into());
        self
    }

    /// Says which node it is about.
    pub fn on_node(mut self, node: impl Into<String>) -> Self {
        self.context = Some(Context { node: node.into() });
        self
    }

    pub fn is_error(&self) -> bool {
        self.severity.level == Level::Error
    }
}
