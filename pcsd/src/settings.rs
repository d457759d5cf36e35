//! `/etc/rhapsody/pcsd.toml`: port, addresses, limits. No file means the defaults.

use crate::paths::Paths;
use anyhow::{Context, bail};
use serde::Deserialize;
use std::net::IpAddr;

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    pub port: u16,
    /// Empty: all addresses, IPv4 and IPv6.
    pub addresses: Vec<IpAddr>,
    pub limits: Limits,
    pub setup: Setup,
}

/// Defaults of `cluster setup` on this host.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Setup {
    /// Token timeout of a new cluster when the request names none.
    pub token_ms: u32,
}

impl Default for Setup {
    fn default() -> Self {
        Setup { token_ms: 1000 }
    }
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Longest request body of an authenticated user.
    pub body_bytes: usize,
    /// Connections over TLS at a time; more are closed at once.
    pub connections: usize,
    /// The same for one client address.
    pub connections_per_address: usize,
    /// A client has this long for a TLS handshake, and for the head of each request.
    pub header_seconds: u64,
    /// And this long for a request's body.
    pub body_seconds: u64,
    /// Tasks of `/api/v2/task/create` that may exist at a time.
    pub tasks: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { port: 2224, addresses: Vec::new(), limits: Limits::default(), setup: Setup::default() }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            body_bytes: 32 << 20,
            connections: 512,
            connections_per_address: 128,
            header_seconds: 15,
            body_seconds: 30,
            tasks: 256,
        }
    }
}

impl Settings {
    pub fn load(paths: &Paths) -> anyhow::Result<Settings> {
        let path = paths.settings();
        let Some(bytes) =
            crate::files::read_optional(&path).with_context(|| format!("cannot read {}", path.display()))?
        else {
            return Ok(Settings::default());
        };
        let text =
            String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8 text", path.display()))?;
        Self::parse(&text).with_context(|| format!("bad settings in {}", path.display()))
    }

    fn parse(text: &str) -> anyhow::Result<Settings> {
        let settings: Settings = toml::from_str(text)?;
        let limits = &settings.limits;
        for (name, value) in [
            ("limits.body_bytes", limits.body_bytes as u64),
            ("limits.connections", limits.connections as u64),
            ("limits.connections_per_address", limits.connections_per_address as u64),
            ("limits.header_seconds", limits.header_seconds),
            ("limits.body_seconds", limits.body_seconds),
            ("limits.tasks", limits.tasks as u64),
            ("setup.token_ms", settings.setup.token_ms.into()),
        ] {
            if value == 0 {
                bail!("{name} must be greater than 0; leave the line out for the default");
            }
        }
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_checked() {
        assert_eq!(Settings::parse("").unwrap(), Settings::default());
        let some = Settings::parse("port = 3000\naddresses = ['::1']\n[limits]\ntasks = 3").unwrap();
        assert_eq!((some.port, some.addresses.len(), some.limits.tasks), (3000, 1, 3));
        for (text, word) in [
            ("prot = 1", "prot"),
            ("port = 70000", "70000"),
            ("addresses = ['n1']", "address"),
            ("[limits]\nconnections = 0", "limits.connections"),
        ] {
            let error = format!("{:#}", Settings::parse(text).unwrap_err());
            assert!(error.contains(word), "{error}");
        }
    }
}
