//! Init scripts and systemd units as resources.

use super::{Places, Plan, Reading};
use rhapsody_agents_run::exec::Command;
use rhapsody_node::Operation;

pub fn lsb(places: &Places, operation: &Operation) -> (Plan, Reading) {
    let name = &operation.resource.agent;
    let script = places.init_d.join(name);
    let (action, reading) = match operation.task.as_str() {
        "monitor" => ("status", Reading::LsbStatus),
        "start" => ("start", Reading::Lsb),
        "stop" => ("stop", Reading::Lsb),
        other => return (no_action("an init script", other), Reading::Lsb),
    };
    if name.contains('/') || !script.exists() {
        return (
            Plan::missing(format!("init script {} is not installed on this node", script.display())),
            reading,
        );
    }
    (Plan::Run(Box::new(command(places, operation, script.to_string_lossy().as_ref(), &[action]))), reading)
}

pub fn systemd(places: &Places, operation: &Operation) -> (Plan, Reading) {
    let name = &operation.resource.agent;
    let unit = if name.contains('.') { name.clone() } else { format!("{name}.service") };
    let (action, reading) = match operation.task.as_str() {
        "monitor" => ("is-active", Reading::SystemdState),
        "start" => ("start", Reading::Systemctl),
        "stop" => ("stop", Reading::Systemctl),
        "reload" => ("reload", Reading::Systemctl),
        other => return (no_action("a systemd unit", other), Reading::Systemctl),
    };
    let Some(systemctl) = places.systemctl.as_ref().filter(|_| places.systemd_runs) else {
        let reason = format!("systemd does not run on this node, so there is no systemd:{name}");
        return (Plan::missing(reason), reading);
    };
    let program = systemctl.to_string_lossy();
    (Plan::Run(Box::new(command(places, operation, &program, &[action, "--", &unit]))), reading)
}

/// The unit where systemd runs, else the init script.
pub fn service(places: &Places, operation: &Operation) -> (Plan, Reading) {
    if places.systemd_runs { systemd(places, operation) } else { lsb(places, operation) }
}

fn no_action(what: &str, action: &str) -> Plan {
    Plan::unimplemented(format!("{what} has no action '{action}'"))
}

fn command(places: &Places, operation: &Operation, program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    places.surroundings.give(&mut command);
    // Init scripts that find systemd hand over to it otherwise, and then we would wait for nothing.
    command.env.insert("SYSTEMCTL_SKIP_REDIRECT".to_owned(), "1".to_owned());
    command.args = args.iter().map(|&arg| arg.to_owned()).collect();
    command.timeout_ms = operation.timeout_ms;
    command
}

#[cfg(test)]
mod tests {
    use super::super::ocf::tests::operation;
    use super::*;
    use rhapsody_client::Paths;

    #[test]
    fn without_systemd_a_unit_is_refused_by_name() {
        let root = std::env::temp_dir().join(format!("rhapsody-init-{}", std::process::id()));
        let found = Places::find(&Paths::below(&root));
        let without = Places { systemd_runs: false, init_d: root.clone(), ..found.clone() };
        let (plan, _) = systemd(&without, &operation("systemd", None, "httpd", "start"));
        assert!(matches!(plan, Plan::Answer { rc: 5, reason, .. } if reason.contains("systemd:httpd")));
        let with = Places { systemd_runs: true, systemctl: Some("/bin/systemctl".into()), ..found };
        let (plan, reading) = service(&with, &operation("service", None, "httpd", "monitor"));
        let Plan::Run(command) = plan else { panic!("{plan:?}") };
        assert_eq!(
            (command.args, reading),
            (vec!["is-active".to_owned(), "--".into(), "httpd.service".into()], Reading::SystemdState)
        );

        std::fs::write(root.join("httpd"), "").unwrap();
        let (plan, reading) = service(&without, &operation("service", None, "httpd", "monitor"));
        let Plan::Run(command) = plan else { panic!("{plan:?}") };
        assert_eq!((command.args, reading), (vec!["status".to_owned()], Reading::LsbStatus));
        let (plan, _) = lsb(&without, &operation("lsb", None, "httpd", "promote"));
        assert!(matches!(plan, Plan::Answer { rc: 3, .. }));
        std::fs::remove_dir_all(root).unwrap();
    }
}
