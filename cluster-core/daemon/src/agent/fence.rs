//! Fence agents: parameters as `name=value` lines on stdin, the exit code is the answer.

use super::{Places, Plan, last_line};
use rhapsody_agents_run::exec::{Command, End, Finished};
use rhapsody_node::{FenceRequest, FenceResult, Operation};
use std::collections::BTreeMap;

/// How long an agent may take to describe itself.
const METADATA_TIMEOUT_MS: u64 = 5_000;

/// A stonith resource as a resource: `start` and `monitor` ask the device whether it answers,
/// `stop` has nothing to do. (Whether a probe finds it started is not asked of the agent: see the
/// node process.)
pub fn resource(places: &Places, operation: &Operation) -> Plan {
    let agent = &operation.resource.agent;
    match operation.task.as_str() {
        "stop" => Plan::Answer { status: rhapsody_node::OpStatus::Done, rc: 0, reason: String::new() },
        "start" | "monitor" => {
            let mut params: BTreeMap<String, String> = operation.params.clone();
            params.retain(|name, _| !is_ours(name));
            params.insert("action".to_owned(), "monitor".to_owned());
            match command(places, agent, &params, operation.timeout_ms) {
                Ok(command) => Plan::Run(Box::new(command)),
                Err(reason) => Plan::missing(reason),
            }
        }
        other => Plan::unimplemented(format!("a fence device has no action '{other}'")),
    }
}

/// Parameters that are for the cluster and not for the agent.
fn is_ours(name: &str) -> bool {
    name.starts_with("CRM_meta_") || name.starts_with("pcmk_") || name == "crm_feature_set"
}

/// The call for one action of a request.
pub fn request(
    places: &Places,
    request: &FenceRequest,
    action: &str,
    timeout_ms: u64,
) -> Result<Command, String> {
    let mut params = request.params.clone();
    params.retain(|name, _| !is_ours(name));
    // Older agents read `option`.
    if params.contains_key("option") {
        params.insert("option".to_owned(), action.to_owned());
    }
    params.insert("action".to_owned(), action.to_owned());
    command(places, &request.agent, &params, timeout_ms)
}

/// The call that makes the agent describe itself.
pub fn metadata(places: &Places, agent: &str) -> Result<Command, String> {
    let (program, before) = program(places, agent)?;
    let mut command = Command::new(program);
    places.surroundings.give(&mut command);
    command.args = before;
    command.args.extend(["-o".to_owned(), "metadata".to_owned()]);
    command.timeout_ms = METADATA_TIMEOUT_MS;
    command.stdout_bytes_max = 1 << 20;
    Ok(command)
}

/// Whether metadata names `action`. Metadata that cannot be read names everything: better ask the
/// agent than not.
pub fn offers(metadata: &Finished, action: &str) -> bool {
    if metadata.end != End::Exited(0) || !metadata.stdout.contains("<action") {
        return true;
    }
    let wanted = [format!("name=\"{action}\""), format!("name='{action}'")];
    metadata.stdout.split("<action").skip(1).any(|element| {
        let element = element.split('>').next().unwrap_or_default();
        wanted.iter().any(|name| element.contains(name.as_str()))
    })
}

/// What the exit means. The `status` and `monitor` of a device that is off give 2.
pub fn read(action: &str, finished: &Finished) -> FenceResult {
    match &finished.end {
        End::Exited(0) => FenceResult::Ok { stdout: finished.stdout.clone() },
        End::Exited(2) if action == "monitor" => FenceResult::Ok { stdout: finished.stdout.clone() },
        End::Exited(rc) => FenceResult::Failed { rc: *rc, reason: last_line(finished) },
        End::Signaled(signal) => {
            FenceResult::Failed { rc: 1, reason: format!("agent was ended by signal {signal}") }
        }
        End::TimedOut => FenceResult::Timeout,
        End::Missing(text) | End::Denied(text) | End::NotStarted(text) => {
            FenceResult::Failed { rc: 5, reason: text.clone() }
        }
    }
}

fn program(places: &Places, agent: &str) -> Result<(std::path::PathBuf, Vec<String>), String> {
    places.fence_agent(agent).ok_or_else(|| format!("fence agent {agent} is not installed on this node"))
}

fn command(
    places: &Places,
    agent: &str,
    params: &BTreeMap<String, String>,
    timeout_ms: u64,
) -> Result<Command, String> {
    let (program, before) = program(places, agent)?;
    let mut command = Command::new(program);
    places.surroundings.give(&mut command);
    command.args = before;
    command.timeout_ms = timeout_ms;
    command.grace_ms = 1_000;
    // A line break in a value would be another parameter.
    let lines = params.iter().filter(|(name, value)| !name.contains(['\n', '=']) && !value.contains('\n'));
    command.stdin = Some(lines.map(|(name, value)| format!("{name}={value}\n")).collect());
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::super::tests::finished;
    use super::*;
    use rhapsody_client::Paths;

    #[test]
    fn parameters_go_to_stdin_and_nowhere_else() {
        let root = std::env::temp_dir().join(format!("rhapsody-fence-{}", std::process::id()));
        let places = Places {
            fence_folders: vec![],
            own_agents: Some("/x/rhapsody-agent".into()),
            ..Places::find(&Paths::below(&root))
        };
        let params = [
            ("passwd", "secret"),
            ("port", "n2"),
            ("pcmk_host_list", "n2"),
            ("x", "a\naction=on"),
            ("action", "reboot"),
        ];
        let mut asked = FenceRequest {
            id: 1,
            device: "f".into(),
            agent: "fence_rhapsody_lab".into(),
            action: "reboot".into(),
            target: Some("n2".into()),
            params: params.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            timeout_ms: 1000,
        };
        let command = request(&places, &asked, "off", 1000).unwrap();
        assert_eq!(command.args, ["fence_rhapsody_lab"]);
        assert_eq!(command.stdin.as_deref(), Some("action=off\npasswd=secret\nport=n2\n"));
        assert!(!format!("{:?}", command.env).contains("secret"));
        asked.agent = "fence_nothing".into();
        assert!(request(&places, &asked, "off", 1000).unwrap_err().contains("fence_nothing"));
        std::fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn what_an_agent_offers() {
        let text = r#"<actions><action name="on" automatic="0"/><action name="off"/></actions>"#;
        let described = finished(End::Exited(0), text, "");
        assert!(offers(&described, "off") && !offers(&described, "reboot"));
        assert!(offers(&finished(End::Exited(1), "", ""), "reboot"));
    }

    #[test]
    fn exits() {
        let failed = read("off", &finished(End::Exited(1), "", "Failed: Timed out\n"));
        assert_eq!(failed, FenceResult::Failed { rc: 1, reason: "Failed: Timed out".into() });
        assert!(
            matches!(read("list", &finished(End::Exited(0), "n1,\n", "")), FenceResult::Ok { stdout } if stdout == "n1,\n")
        );
        assert!(matches!(
            read("status", &finished(End::Exited(2), "", "")),
            FenceResult::Failed { rc: 2, .. }
        ));
        assert_eq!(read("off", &finished(End::TimedOut, "", "")), FenceResult::Timeout);
    }
}
