use std::fmt;

/// What an instance of a resource is doing, or should; ordered as the scheduler compares them.
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
    /// Old names are accepted, and case does not matter; `None` for anything else.
    pub fn parse(text: &str) -> Option<Role> {
        const NAMES: [(&str, Role); 7] = [
            ("Unknown", Role::Unknown),
            ("Stopped", Role::Stopped),
            ("Started", Role::Started),
            ("Unpromoted", Role::Unpromoted),
            ("Promoted", Role::Promoted),
            ("Slave", Role::Unpromoted),
            ("Master", Role::Promoted),
        ];
        NAMES.iter().find(|(n, _)| n.eq_ignore_ascii_case(text)).map(|(_, r)| *r)
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

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[test]
fn old_names_are_understood() {
    assert_eq!(Role::parse("master"), Some(Role::Promoted));
    assert_eq!(Role::parse("UNPROMOTED"), Some(Role::Unpromoted));
    assert_eq!(Role::parse(""), None);
    assert!(Role::Promoted > Role::Started);
}
