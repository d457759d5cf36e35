//! The environment of an OCF agent, as Pacemaker gives it.

use super::{Places, Plan};
use rhapsody_agents_run::exec::Command;
use rhapsody_node::Operation;

/// Between SIGTERM and SIGKILL for an agent that has run out of time.
const GRACE_MS: u64 = 5_000;

pub fn plan(places: &Places, operation: &Operation) -> Plan {
    let resource = &operation.resource;
    let provider = resource.provider.as_deref().unwrap_or("heartbeat");
    let Some((program, before)) = places.ocf_agent(provider, &resource.agent) else {
        return Plan::missing(format!(
            "resource agent ocf:{provider}:{} is not installed on this node",
            resource.agent
        ));
    };
    let mut command = Command::new(program);
    command.args = before;
    command.args.push(operation.task.clone());
    command.timeout_ms = operation.timeout_ms;
    command.grace_ms = GRACE_MS;
    places.surroundings.give(&mut command);
    for (name, value) in [
        ("OCF_ROOT", places.ocf_root.to_string_lossy().as_ref()),
        ("OCF_RA_VERSION_MAJOR", "1"),
        ("OCF_RA_VERSION_MINOR", "1"),
        ("OCF_EXIT_REASON_PREFIX", "ocf-exit-reason:"),
        ("OCF_RESOURCE_INSTANCE", &resource.id),
        ("OCF_RESOURCE_TYPE", &resource.agent),
        ("OCF_RESOURCE_PROVIDER", provider),
    ] {
        command.env.insert(name.to_owned(), value.to_owned());
    }
    for (name, value) in &operation.params {
        // Pacemaker spells the metadata of the graph with underscores; a name that is none for the
        // environment of a program cannot be passed.
        if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
            continue;
        }
        command.env.insert(format!("OCF_RESKEY_{name}"), value.clone());
        if name == "OCF_CHECK_LEVEL" {
            command.env.insert(name.clone(), value.clone());
        }
    }
    let reskey = |name: &str| format!("OCF_RESKEY_CRM_meta_{name}");
    // `ocf_promotion_score` of resource-agents asks for it.
    let feature_set = || rhapsody_cib::CRM_FEATURE_SET.to_owned();
    command.env.entry("OCF_RESKEY_crm_feature_set".to_owned()).or_insert_with(feature_set);
    command.env.entry(reskey("on_node")).or_insert_with(|| operation.node.clone());
    command.env.entry(reskey("name")).or_insert_with(|| operation.task.clone());
    command.env.entry(reskey("timeout")).or_insert_with(|| operation.timeout_ms.to_string());
    if operation.interval_ms > 0 {
        command.env.insert(reskey("interval"), operation.interval_ms.to_string());
    }
    Plan::Run(Box::new(command))
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use rhapsody_client::Paths;
    use rhapsody_transition::ActionResource;

    pub fn operation(class: &str, provider: Option<&str>, agent: &str, task: &str) -> Operation {
        Operation {
            id: 1,
            resource: ActionResource {
                id: "vip".into(),
                long_id: Some("vip:1".into()),
                class: class.into(),
                provider: provider.map(str::to_owned),
                agent: agent.into(),
            },
            task: task.into(),
            interval_ms: 10_000,
            timeout_ms: 20_000,
            params: [
                ("ip", "10.0.0.1"),
                ("CRM_meta_notify_type", "pre"),
                ("OCF_CHECK_LEVEL", "10"),
                ("a=b", "c"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
            node: "n1".into(),
            incarnation: 1,
            view: 1,
            exec_before_ms: 0,
        }
    }

    #[test]
    fn the_environment() {
        let root = std::env::temp_dir().join(format!("rhapsody-ocf-{}", std::process::id()));
        let places = Places {
            ocf_root: "/nowhere".into(),
            own_agents: Some("/x/rhapsody-agent".into()),
            ..Places::find(&Paths::below(&root))
        };
        let Plan::Run(command) = plan(&places, &operation("ocf", Some("heartbeat"), "IPaddr2", "monitor"))
        else {
            panic!("not found")
        };
        assert_eq!(command.args, ["ocf:rhapsody:IPaddr2", "monitor"]);
        let wanted = [
            ("OCF_RESOURCE_INSTANCE", "vip"),
            ("OCF_RESOURCE_TYPE", "IPaddr2"),
            ("OCF_RESOURCE_PROVIDER", "heartbeat"),
            ("OCF_RESKEY_ip", "10.0.0.1"),
            ("OCF_RESKEY_CRM_meta_notify_type", "pre"),
            ("OCF_RESKEY_CRM_meta_interval", "10000"),
            ("OCF_RESKEY_CRM_meta_timeout", "20000"),
            ("OCF_RESKEY_CRM_meta_on_node", "n1"),
            ("OCF_CHECK_LEVEL", "10"),
            ("OCF_RA_VERSION_MAJOR", "1"),
            ("RHAPSODY_ROOT", root.to_str().unwrap()),
        ];
        for (name, value) in wanted {
            assert_eq!(command.env.get(name).map(String::as_str), Some(value), "{name}");
        }
        assert!(command.env["PATH"].starts_with(&command.env["HA_SBIN_DIR"]));
        assert!(!command.env.keys().any(|name| name.contains('=')));
        let missing = plan(&places, &operation("ocf", Some("heartbeat"), "apache", "start"));
        assert!(
            matches!(missing, Plan::Answer { rc: 5, reason, .. } if reason.contains("ocf:heartbeat:apache"))
        );
        std::fs::remove_dir_all(root).unwrap();
    }
}
