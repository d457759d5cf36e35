//! `ocf:rhapsody:Dummy`: a resource that is nothing but a state file, for tests and first steps.
//!
//! Parameters and behaviour as `ocf:heartbeat:Dummy`: it runs where its state file exists.

use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::path::PathBuf;

use crate::ocf::{Env, Exit, Failure, Outcome, refuse_unknown};
use crate::unimplemented;

const PARAMETERS: &[&str] = &["state", "fake"];

pub fn run(action: &str, env: &Env) -> Outcome {
    match action {
        "meta-data" => {
            print!("{METADATA}");
            Ok(Exit::Success)
        }
        "start" | "migrate_from" => start(env),
        "stop" | "migrate_to" => stop(env),
        "monitor" | "status" => monitor(env),
        "reload" | "reload-agent" => match state_file(env).exists() {
            true => Ok(Exit::Success),
            false => Ok(Exit::NotRunning),
        },
        "validate-all" => validate(env),
        _ => Err(unimplemented(
            "Dummy",
            action,
            "start, stop, monitor, reload, migrate_to, migrate_from, validate-all and meta-data",
        )),
    }
}

fn state_file(env: &Env) -> PathBuf {
    match env.get("state") {
        Some(path) => PathBuf::from(path),
        // An instance name is a file name here; a slash in it must not lead elsewhere.
        None => env.tmp_dir().join(format!("Dummy-{}.state", env.instance().replace('/', "_"))),
    }
}

fn start(env: &Env) -> Outcome {
    let path = state_file(env);
    if env.get("state").is_none() {
        // A tmpfs loses the folder at boot; nobody else may be there to make it.
        let _ = fs::create_dir_all(env.tmp_dir());
    }
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(|e| Failure::generic(format!("cannot write state file {}: {e}", path.display())))?;
    Ok(Exit::Success)
}

fn stop(env: &Env) -> Outcome {
    let path = state_file(env);
    match fs::remove_file(&path) {
        Ok(()) => Ok(Exit::Success),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(Exit::Success),
        Err(e) => Err(Failure::generic(format!("cannot remove state file {}: {e}", path.display()))),
    }
}

fn monitor(env: &Env) -> Outcome {
    let path = state_file(env);
    match fs::metadata(&path) {
        Ok(m) if m.is_file() => Ok(Exit::Success),
        Ok(_) => Err(Failure::generic(format!("{} is there but is no file", path.display()))),
        Err(e) if e.kind() == ErrorKind::NotFound && env.is_probe() => Ok(Exit::NotRunning),
        Err(e) if e.kind() == ErrorKind::NotFound => {
            Err(Failure::new(Exit::NotRunning, format!("no state file {}", path.display())))
        }
        Err(e) => Err(Failure::generic(format!("cannot look at state file {}: {e}", path.display()))),
    }
}

fn validate(env: &Env) -> Outcome {
    refuse_unknown(env, "Dummy", PARAMETERS)?;
    let path = state_file(env);
    let dir = path.parent().filter(|d| !d.as_os_str().is_empty());
    match dir {
        Some(dir) if env.get("state").is_some() && !dir.is_dir() => {
            Err(Failure::configured(format!("the folder of state file {} does not exist", path.display())))
        }
        _ => Ok(Exit::Success),
    }
}

const METADATA: &str = r#"<?xml version="1.0"?>
<!DOCTYPE resource-agent SYSTEM "ra-api-1.dtd">
<resource-agent name="Dummy" version="1.0">
<version>1.0</version>
<longdesc lang="en">
A resource without a service behind it: it is running where its state file exists.
Made for trying out and testing a cluster. Takes the same parameters as ocf:heartbeat:Dummy.
</longdesc>
<shortdesc lang="en">Stateful nothing, for tests</shortdesc>
<parameters>
<parameter name="state" unique="1">
<longdesc lang="en">
Path of the state file. Without it: a file named after the resource in the folder for
run-time data of resource agents.
</longdesc>
<shortdesc lang="en">State file</shortdesc>
<content type="string" default="" />
</parameter>
<parameter name="fake" unique="0" reloadable="1">
<longdesc lang="en">
Any text. Changing it reloads the resource and does nothing else.
</longdesc>
<shortdesc lang="en">A value to change</shortdesc>
<content type="string" default="dummy" />
</parameter>
</parameters>
<actions>
<action name="start" timeout="20s" />
<action name="stop" timeout="20s" />
<action name="monitor" timeout="20s" interval="10s" depth="0" />
<action name="reload" timeout="20s" />
<action name="reload-agent" timeout="20s" />
<action name="migrate_to" timeout="20s" />
<action name="migrate_from" timeout="20s" />
<action name="validate-all" timeout="20s" />
<action name="meta-data" timeout="5s" />
</actions>
</resource-agent>
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_where_its_file_is() {
        let dir = std::env::temp_dir().join(format!("rhapsody-dummy-{}", std::process::id()));
        let vars = |interval: &str| {
            Env::from_vars([
                ("HA_RSCTMP".into(), dir.clone().into()),
                ("OCF_RESOURCE_INSTANCE".into(), "d/1".into()),
                ("OCF_RESKEY_CRM_meta_interval".into(), interval.into()),
            ])
            .unwrap()
        };
        let probe = vars("0");
        let recurring = vars("10000");
        assert_eq!(run("monitor", &probe), Ok(Exit::NotRunning));
        assert_eq!(run("monitor", &recurring).unwrap_err().exit, Exit::NotRunning);
        assert_eq!(run("stop", &probe), Ok(Exit::Success), "stop is idempotent");
        for _ in 0..2 {
            assert_eq!(run("start", &probe), Ok(Exit::Success));
        }
        assert!(dir.join("Dummy-d_1.state").is_file());
        assert_eq!(run("monitor", &recurring), Ok(Exit::Success));
        assert_eq!(run("stop", &probe), Ok(Exit::Success));
        assert_eq!(run("monitor", &probe), Ok(Exit::NotRunning));
        assert_eq!(run("fly", &probe).unwrap_err().exit, Exit::Unimplemented);
        fs::remove_dir_all(&dir).unwrap();
    }
}
