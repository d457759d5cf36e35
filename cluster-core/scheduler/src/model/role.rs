//! Roles: what a resource is, or should be, on a node.

/// Ordered as the scheduler compares them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Role {
    #[default]
    Unknown,
    Stopped,
    Started,
    Unpromoted,
    Promoted,
}

impl Role {
    /// The role words of the configuration, today's and yesterday's; `None` for anything else.
    pub fn parse(text: &str) -> Option<Role> {
        let is = |word: &str| text.eq_ignore_ascii_case(word);
        Some(if is("stopped") {
            Role::Stopped
        } else if is("started") {
            Role::Started
        } else if is("unpromoted") || is("slave") {
            Role::Unpromoted
        } else if is("promoted") || is("master") {
            Role::Promoted
        } else if is("unknown") {
            Role::Unknown
        } else {
            return None;
        })
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Role::Unknown => "Unknown",
            Role::Stopped => "Stopped",
            Role::Started => "Started",
            Role::Unpromoted => "Unpromoted",
            Role::Promoted => "Promoted",
        }
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
