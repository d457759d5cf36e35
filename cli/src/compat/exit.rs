//! Exit codes of Pacemaker's tools, and errors that carry one.

use rhapsody_api::core::CoreError;
use rhapsody_client::ClientError;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    Ok = 0,
    Error = 1,
    /// corosync-quorumtool: no quorum.
    Unquorate = 2,
    Usage = 64,
    NoInput = 66,
    NoHost = 68,
    Unavailable = 69,
    CannotCreate = 73,
    Config = 78,
    Disconnect = 102,
    NoSuch = 105,
    Quorum = 106,
    Exists = 108,
    Timeout = 124,
}

#[derive(Debug)]
pub struct Problem {
    pub exit: Exit,
    /// For stderr, without the name of the tool; empty if all has been said.
    pub text: String,
}

pub type Outcome = Result<Exit, Problem>;

impl Problem {
    pub fn new(exit: Exit, text: impl Into<String>) -> Self {
        Problem { exit, text: text.into() }
    }

    pub fn usage(text: impl Into<String>) -> Self {
        Self::new(Exit::Usage, text)
    }

    /// "No such device or address": what scripts of agents look for on a missing attribute.
    pub fn no_such_attribute() -> Self {
        Self::new(Exit::NoSuch, "Error performing operation: No such device or address")
    }

    pub fn not_there_yet(what: &str) -> Self {
        Self::new(Exit::Usage, format!("{what} is not there yet"))
    }
}

impl From<ClientError> for Problem {
    fn from(error: ClientError) -> Self {
        let exit = match &error {
            ClientError::NotRunning { .. } | ClientError::Connect { .. } | ClientError::Io(_) => {
                Exit::Disconnect
            }
            ClientError::Timeout(_) => Exit::Timeout,
            ClientError::Protocol(_) | ClientError::Version { .. } => Exit::Unavailable,
            ClientError::Core(error) => match error {
                CoreError::NoQuorum => Exit::Quorum,
                CoreError::UnknownNode { .. } | CoreError::UnknownResource { .. } => Exit::NoSuch,
                CoreError::Timeout => Exit::Timeout,
                CoreError::NotReady { .. } => Exit::Unavailable,
                CoreError::NotDurable { .. } => Exit::CannotCreate,
                CoreError::Invalid { .. } => Exit::Config,
                _ => Exit::Error,
            },
        };
        // Agents look for "not connected" in what the tools print.
        let text = match exit {
            Exit::Disconnect => format!("Transport endpoint is not connected: {error}"),
            _ => error.to_string(),
        };
        Problem { exit, text }
    }
}
