//! What every OCF agent shares: exit codes, parameters from the environment, exit reasons.
//!
//! The contract is the OCF resource agent API 1.0 as Pacemaker and the resource-agents package
//! speak it: parameters are `OCF_RESKEY_*` variables, the result is the exit code, and a line
//! `ocf-exit-reason:TEXT` on stderr tells the cluster why.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

/// Exit codes of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Success = 0,
    Generic = 1,
    Unimplemented = 3,
    Permission = 4,
    Installed = 5,
    Configured = 6,
    NotRunning = 7,
}

/// A failed action: the code the cluster decides by and the sentence people read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub exit: Exit,
    pub reason: String,
}

impl Failure {
    pub fn new(exit: Exit, reason: impl Into<String>) -> Self {
        Failure { exit, reason: reason.into() }
    }

    pub fn configured(reason: impl Into<String>) -> Self {
        Self::new(Exit::Configured, reason)
    }

    pub fn generic(reason: impl Into<String>) -> Self {
        Self::new(Exit::Generic, reason)
    }
}

pub type Outcome = Result<Exit, Failure>;

/// The environment of one call.
#[derive(Debug, Clone, Default)]
pub struct Env {
    params: BTreeMap<String, String>,
    tmp: Option<PathBuf>,
    instance: Option<String>,
}

impl Env {
    pub fn from_process() -> Result<Self, Failure> {
        Self::from_vars(std::env::vars_os())
    }

    pub fn from_vars(vars: impl IntoIterator<Item = (OsString, OsString)>) -> Result<Self, Failure> {
        let mut env = Env::default();
        for (name, value) in vars {
            let Some(name) = name.to_str() else { continue };
            match name {
                "HA_RSCTMP" if !value.is_empty() => env.tmp = Some(PathBuf::from(value)),
                "OCF_RESOURCE_INSTANCE" => {
                    env.instance = Some(value.to_string_lossy().into_owned());
                }
                _ => {
                    if let Some(name) = name.strip_prefix("OCF_RESKEY_") {
                        let value = value
                            .into_string()
                            .map_err(|_| Failure::configured(format!("parameter {name} is not UTF-8")))?;
                        env.params.insert(name.to_owned(), value);
                    }
                }
            }
        }
        Ok(env)
    }

    /// A parameter; an empty one counts as absent, as everywhere in resource-agents.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.params.get(name).map(|v| v.trim()).filter(|v| !v.is_empty())
    }

    pub fn flag(&self, name: &str, default: bool) -> bool {
        self.get(name).map_or(default, is_true)
    }

    pub fn number(&self, name: &str, default: u32) -> Result<u32, Failure> {
        match self.get(name) {
            None => Ok(default),
            Some(v) => {
                v.parse().map_err(|_| Failure::configured(format!("{name}={v} is not a number of 0 or more")))
            }
        }
    }

    /// Names of the agent's own parameters; the cluster's (`CRM_meta_...`) are left out.
    pub fn parameter_names(&self) -> impl Iterator<Item = &str> {
        self.params
            .keys()
            .map(String::as_str)
            .filter(|n| !n.starts_with("CRM_meta_") && *n != "crm_feature_set")
    }

    /// A probe is a monitor that asks once, before the cluster knows anything: not running is
    /// then the normal answer, not a failure.
    pub fn is_probe(&self) -> bool {
        self.get("CRM_meta_interval").unwrap_or("0") == "0"
    }

    /// Where agents keep state that must not survive a reboot.
    pub fn tmp_dir(&self) -> PathBuf {
        self.tmp.clone().unwrap_or_else(|| PathBuf::from("/run/resource-agents"))
    }

    pub fn instance(&self) -> &str {
        self.instance.as_deref().unwrap_or("default")
    }
}

/// Truth as resource-agents understands it.
pub fn is_true(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "yes" | "true" | "1" | "on" | "ja")
}

/// Refuses parameters that the agent does not know, all of them in one sentence.
pub fn refuse_unknown(env: &Env, agent: &str, known: &[&str]) -> Result<(), Failure> {
    let unknown: Vec<&str> = env.parameter_names().filter(|n| !known.contains(n)).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(Failure::configured(format!(
        "{agent} does not know the parameter{} {}; it takes {}",
        if unknown.len() == 1 { "" } else { "s" },
        unknown.join(", "),
        known.join(", ")
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    pub fn env(pairs: &[(&str, &str)]) -> Env {
        Env::from_vars(pairs.iter().map(|(a, b)| (a.into(), b.into()))).unwrap()
    }

    #[test]
    fn parameters_come_from_the_environment() {
        let e = env(&[
            ("OCF_RESKEY_ip", " 10.0.0.1 "),
            ("OCF_RESKEY_nic", ""),
            ("OCF_RESKEY_CRM_meta_interval", "10000"),
            ("PATH", "/bin"),
        ]);
        assert_eq!(e.get("ip"), Some("10.0.0.1"));
        assert_eq!(e.get("nic"), None, "empty is absent");
        assert!(!e.is_probe());
        assert_eq!(e.parameter_names().collect::<Vec<_>>(), ["ip", "nic"]);
        assert!(env(&[]).is_probe());
    }

    #[test]
    fn unknown_parameters_are_named() {
        let e = env(&[("OCF_RESKEY_ip", "x"), ("OCF_RESKEY_ipp", "x"), ("OCF_RESKEY_CRM_meta_timeout", "1")]);
        let failure = refuse_unknown(&e, "IPaddr2", &["ip"]).unwrap_err();
        assert_eq!(failure.exit, Exit::Configured);
        assert!(failure.reason.contains("parameter ipp;"), "{failure:?}");
        assert!(refuse_unknown(&e, "IPaddr2", &["ip", "ipp"]).is_ok());
    }
}
