//! Names of agents: `ocf:heartbeat:IPaddr2`, `systemd:httpd`, `stonith:fence_ipmilan`.

use std::fmt;

/// Standards that pcs and Pacemaker know.
const STANDARDS: &[&str] = &["ocf", "lsb", "heartbeat", "stonith", "upstart", "service", "systemd", "nagios"];

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AgentName {
    pub standard: String,
    /// Set for `ocf` and for nothing else.
    pub provider: Option<String>,
    pub kind: String,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error(
        "Invalid resource agent name '{0}'. Use standard:provider:type when standard is 'ocf' or standard:type otherwise."
    )]
    Malformed(String),
    #[error("Unable to find agent '{0}', try specifying its full name")]
    Unknown(String),
    #[error("Multiple agents match '{name}', please specify full name: {}", alternatives(.found))]
    Ambiguous { name: String, found: Vec<String> },
}

fn alternatives(found: &[String]) -> String {
    let quoted: Vec<String> = found.iter().map(|name| format!("'{name}'")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.join(""),
    }
}

impl AgentName {
    pub fn new(standard: &str, provider: Option<&str>, kind: &str) -> Self {
        AgentName {
            standard: standard.to_owned(),
            provider: provider.map(str::to_owned),
            kind: kind.to_owned(),
        }
    }

    pub fn stonith(kind: &str) -> Self {
        AgentName::new("stonith", None, kind)
    }

    /// A full name. A colon may be part of a systemd or service template instance (`name@a:b`).
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let malformed = || NameError::Malformed(text.to_owned());
        let (standard, rest) = text.split_once(':').ok_or_else(malformed)?;
        if !STANDARDS.contains(&standard) || rest.is_empty() {
            return Err(malformed());
        }
        if standard == "ocf" {
            let (provider, kind) = rest.split_once(':').ok_or_else(malformed)?;
            if provider.is_empty() || kind.is_empty() || kind.contains(':') {
                return Err(malformed());
            }
            return Ok(AgentName::new(standard, Some(provider), kind));
        }
        let instance = matches!(standard, "systemd" | "service") && rest.contains('@');
        if rest.contains(':') && !instance {
            return Err(malformed());
        }
        Ok(AgentName::new(standard, None, rest))
    }

    /// A full name, or the type alone when exactly one installed OCF agent has it, whatever the case.
    /// The flag says whether it was guessed.
    pub fn find(text: &str, installed: impl FnOnce() -> Vec<AgentName>) -> Result<(Self, bool), NameError> {
        if text.contains(':') {
            return AgentName::parse(text).map(|name| (name, false));
        }
        let mut found: Vec<AgentName> = installed()
            .into_iter()
            .filter(|name| name.standard == "ocf" && name.kind.eq_ignore_ascii_case(text))
            .collect();
        found.sort_by_key(ToString::to_string);
        // Ours do not make a name ambiguous that means one agent everywhere else.
        let ours = |name: &AgentName| name.provider.as_deref() == Some("rhapsody");
        if found.iter().any(|name| !ours(name)) {
            found.retain(|name| !ours(name));
        }
        match found.len() {
            0 => Err(NameError::Unknown(text.to_owned())),
            1 => Ok((found.remove(0), true)),
            _ => Err(NameError::Ambiguous {
                name: text.to_owned(),
                found: found.iter().map(ToString::to_string).collect(),
            }),
        }
    }

    pub fn is_stonith(&self) -> bool {
        self.standard == "stonith"
    }

    pub fn is_remote(&self) -> bool {
        self.standard == "ocf" && self.provider.as_deref() == Some("pacemaker") && self.kind == "remote"
    }
}

impl fmt::Display for AgentName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:", self.standard)?;
        if let Some(provider) = &self.provider {
            write!(out, "{provider}:")?;
        }
        out.write_str(&self.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_names() {
        assert_eq!(AgentName::parse("ocf:heartbeat:IPaddr2").unwrap().to_string(), "ocf:heartbeat:IPaddr2");
        assert_eq!(AgentName::parse("systemd:a@b:c").unwrap().kind, "a@b:c");
        for bad in ["ocf:x", "x", "bogus:x", "ocf::x", "lsb:a:b", "systemd:a:b", "ocf:a:b:c", "lsb:"] {
            assert!(AgentName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn short_names_are_guessed_when_one_agent_has_them() {
        let installed = || {
            let names = [
                "ocf:heartbeat:Dummy",
                "ocf:pacemaker:Dummy",
                "ocf:heartbeat:IPaddr2",
                "ocf:rhapsody:IPaddr2",
                "ocf:rhapsody:spare",
                "systemd:dummy",
            ];
            names.map(|name| AgentName::parse(name).unwrap()).to_vec()
        };
        let (name, guessed) = AgentName::find("ipaddr2", installed).unwrap();
        assert_eq!((name.to_string().as_str(), guessed), ("ocf:heartbeat:IPaddr2", true));
        let (name, _) = AgentName::find("Spare", installed).unwrap();
        assert_eq!(name.to_string(), "ocf:rhapsody:spare");
        let error = AgentName::find("dummy", installed).unwrap_err().to_string();
        assert!(error.ends_with("'ocf:heartbeat:Dummy' or 'ocf:pacemaker:Dummy'"), "{error}");
        assert!(AgentName::find("nothing", installed).is_err());
    }
}
