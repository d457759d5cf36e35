//! Options that the cluster itself understands: cluster properties, options of every fence device,
//! meta attributes of primitives.
//!
//! Both the names of Pacemaker 2.1 (`stonith-enabled`) and of 3.0 (`fencing-enabled`) are there.

use crate::Described;
use crate::metadata::{Metadata, Parameter};
use std::sync::{Arc, OnceLock};

/// Name, type (`select:a,b` lists the values), default, what it is about.
type Row = (&'static str, &'static str, Option<&'static str>, &'static str);

/// The table for one kind, made once.
pub fn described(what: Described) -> Arc<Metadata> {
    static TABLES: [OnceLock<Arc<Metadata>>; 3] = [OnceLock::new(), OnceLock::new(), OnceLock::new()];
    let (at, name, about, rows) = match what {
        Described::ClusterProperties => (0, "cluster-options", "Options of the whole cluster", CLUSTER),
        Described::FencingDevice => (1, "fencing-options", "Options of every fence device", FENCING),
        Described::PrimitiveMeta => (2, "primitive-meta", "Meta attributes of resources", META),
    };
    TABLES[at].get_or_init(|| Arc::new(table(name, about, rows))).clone()
}

fn table(name: &str, about: &str, rows: &[Row]) -> Metadata {
    Metadata {
        name: name.to_owned(),
        shortdesc: Some(about.to_owned()),
        longdesc: None,
        parameters: rows.iter().map(parameter).collect(),
        actions: Vec::new(),
        ocf_1_1: true,
    }
}

fn parameter(row: &Row) -> Parameter {
    let (name, kind, default, about) = *row;
    let (kind, values) = match kind.split_once(':') {
        Some((kind, values)) => (kind, Some(values.split(',').map(str::to_owned).collect())),
        None => (kind, None),
    };
    let advanced_text = about.strip_prefix("(advanced) ");
    Parameter {
        name: name.to_owned(),
        shortdesc: Some(advanced_text.unwrap_or(about).to_owned()),
        kind: kind.to_owned(),
        default: default.map(str::to_owned),
        enum_values: values,
        advanced: advanced_text.is_some(),
        generated: matches!(name, "dc-version" | "cluster-infrastructure" | "have-watchdog"),
        ..Parameter::default()
    }
}

const CLUSTER: &[Row] = &[
    ("dc-version", "version", None, "Version of the cluster on the DC, written by the cluster"),
    ("cluster-infrastructure", "string", None, "What carries membership, written by the cluster"),
    ("cluster-name", "string", None, "Name of the cluster; rules see it as #cluster-name"),
    ("dc-deadtime", "duration", Some("20s"), "How long to wait for other nodes at start"),
    (
        "cluster-recheck-interval",
        "duration",
        Some("15min"),
        "How often to look at date rules when nothing happens",
    ),
    ("election-timeout", "duration", Some("2min"), "(advanced) How long an election of the DC may take"),
    ("shutdown-escalation", "duration", Some("20min"), "(advanced) How long an orderly stop may take"),
    ("join-integration-timeout", "duration", Some("3min"), "(advanced) How long joining nodes may take"),
    (
        "join-finalization-timeout",
        "duration",
        Some("30min"),
        "(advanced) How long the end of a join may take",
    ),
    ("transition-delay", "duration", Some("0s"), "(advanced) Collect events for so long before acting"),
    (
        "no-quorum-policy",
        "select:stop,freeze,ignore,demote,fence,suicide",
        Some("stop"),
        "What a partition without quorum does with its resources",
    ),
    ("shutdown-lock", "boolean", Some("false"), "Keep resources for a node that was stopped in good order"),
    ("shutdown-lock-limit", "duration", Some("0"), "How long shutdown-lock holds; 0 has no end"),
    ("enable-acl", "boolean", Some("false"), "Enforce access control lists on the CIB"),
    (
        "symmetric-cluster",
        "boolean",
        Some("true"),
        "Resources may run anywhere unless a constraint forbids it",
    ),
    ("maintenance-mode", "boolean", Some("false"), "Leave all resources as they are, monitor nothing"),
    ("start-failure-is-fatal", "boolean", Some("true"), "A failed start keeps a resource away from the node"),
    ("enable-startup-probes", "boolean", Some("true"), "Look for active resources when a node joins"),
    ("fence-remote-without-quorum", "boolean", Some("false"), "(advanced) Fence remote nodes without quorum"),
    (
        "fencing-enabled",
        "boolean",
        Some("true"),
        "(advanced) Fence nodes that are lost or cannot stop a resource",
    ),
    (
        "stonith-enabled",
        "boolean",
        Some("true"),
        "(advanced) Fence nodes that are lost or cannot stop a resource",
    ),
    ("fencing-action", "select:reboot,off", Some("reboot"), "What is asked of a fence device"),
    ("stonith-action", "select:reboot,off", Some("reboot"), "What is asked of a fence device"),
    (
        "fencing-reaction",
        "select:stop,panic",
        Some("stop"),
        "What a node does that learns of its own fencing",
    ),
    ("fence-reaction", "select:stop,panic", Some("stop"), "What a node does that learns of its own fencing"),
    ("fencing-timeout", "duration", Some("60s"), "How long a fence action may take"),
    ("stonith-timeout", "duration", Some("60s"), "How long a fence action may take"),
    ("have-watchdog", "boolean", Some("false"), "Whether a watchdog is in use, written by the cluster"),
    (
        "fencing-watchdog-timeout",
        "timeout",
        Some("0"),
        "After how long a node with a watchdog is surely down",
    ),
    (
        "stonith-watchdog-timeout",
        "timeout",
        Some("0"),
        "After how long a node with a watchdog is surely down",
    ),
    ("fencing-max-attempts", "score", Some("10"), "How often fencing may fail before it waits"),
    ("stonith-max-attempts", "score", Some("10"), "How often fencing may fail before it waits"),
    ("concurrent-fencing", "boolean", Some("true"), "Fence several nodes at the same time"),
    ("startup-fencing", "boolean", Some("true"), "(advanced) Fence nodes that were never seen"),
    (
        "priority-fencing-delay",
        "duration",
        Some("0"),
        "Head start of the side with the more important resources",
    ),
    ("node-pending-timeout", "duration", Some("0"), "How long a member may take to join before it is fenced"),
    ("cluster-delay", "duration", Some("60s"), "Round trip time allowed on top of an action's timeout"),
    ("load-threshold", "percentage", Some("80%"), "Load above which a node gets fewer actions"),
    ("node-action-limit", "integer", Some("0"), "Actions at a time on a node; 0 is twice its cores"),
    ("batch-limit", "integer", Some("0"), "Actions at a time in the whole cluster; 0 has no limit"),
    ("migration-limit", "integer", Some("-1"), "Live migrations at a time on a node; -1 has no limit"),
    ("cluster-ipc-limit", "nonnegative_integer", Some("500"), "Ignored, known for old configurations"),
    ("stop-all-resources", "boolean", Some("false"), "Stop everything"),
    (
        "stop-removed-resources",
        "boolean",
        Some("true"),
        "Stop resources that were removed from the configuration",
    ),
    (
        "stop-orphan-resources",
        "boolean",
        Some("true"),
        "Stop resources that were removed from the configuration",
    ),
    (
        "cancel-removed-actions",
        "boolean",
        Some("true"),
        "Cancel operations that were removed from the configuration",
    ),
    (
        "stop-orphan-actions",
        "boolean",
        Some("true"),
        "Cancel operations that were removed from the configuration",
    ),
    ("pe-error-series-max", "integer", Some("-1"), "How many scheduler inputs with errors are kept"),
    ("pe-warn-series-max", "integer", Some("5000"), "How many scheduler inputs with warnings are kept"),
    ("pe-input-series-max", "integer", Some("4000"), "How many other scheduler inputs are kept"),
    (
        "node-health-strategy",
        "select:none,migrate-on-red,only-green,progressive,custom",
        Some("none"),
        "What node health attributes mean",
    ),
    ("node-health-base", "score", Some("0"), "Health a node starts with"),
    ("node-health-green", "score", Some("0"), "What green is worth"),
    ("node-health-yellow", "score", Some("0"), "What yellow is worth"),
    ("node-health-red", "score", Some("-INFINITY"), "What red is worth"),
    (
        "placement-strategy",
        "select:default,utilization,minimal,balanced",
        Some("default"),
        "How utilization decides where resources go",
    ),
];

const META: &[Row] = &[
    ("priority", "score", Some("0"), "Which resources stay when not all can run"),
    ("critical", "boolean", Some("true"), "Default for influence in colocations"),
    (
        "target-role",
        "select:Stopped,Started,Unpromoted,Promoted",
        Some("Started"),
        "What the resource shall be",
    ),
    ("is-managed", "boolean", Some("true"), "May the cluster start and stop it"),
    ("maintenance", "boolean", Some("false"), "Leave it as it is, monitor nothing"),
    ("resource-stickiness", "score", None, "How much it prefers to stay where it is"),
    ("requires", "select:nothing,quorum,fencing,unfencing", None, "What must hold before it may start"),
    ("migration-threshold", "score", Some("INFINITY"), "Failures on a node after which it leaves"),
    ("failure-timeout", "duration", Some("0"), "After how long a failure is forgotten; 0 is never"),
    (
        "multiple-active",
        "select:block,stop_only,stop_start,stop_unexpected",
        Some("stop_start"),
        "What to do when it is found active in two places",
    ),
    ("allow-migrate", "boolean", None, "Move it alive where the agent can"),
    ("allow-unhealthy-nodes", "boolean", Some("false"), "May run on unhealthy nodes"),
    ("container-attribute-target", "string", None, "Where attributes of a bundle's instances are looked up"),
    ("remote-node", "string", None, "Name of the guest node that this resource is"),
    ("remote-addr", "string", None, "Address of the guest node"),
    ("remote-port", "port", Some("3121"), "Port of the guest node"),
    ("remote-connect-timeout", "timeout", Some("60s"), "How long connecting to the guest node may take"),
    ("remote-allow-migrate", "boolean", Some("true"), "May the guest node's connection move alive"),
];

const FENCING: &[Row] = &[
    ("pcmk_host_argument", "string", Some("port"), "(advanced) Which option of the agent names the target"),
    ("pcmk_host_map", "string", None, "How the device calls the nodes, e.g. node1:1;node2:2,3"),
    ("pcmk_host_list", "string", None, "Nodes that this device can fence, e.g. node1,node2"),
    (
        "pcmk_host_check",
        "string",
        Some("dynamic-list"),
        "How to find out which nodes it can fence: dynamic-list, static-list, status or none",
    ),
    ("pcmk_delay_max", "time", Some("0s"), "Upper bound of a random delay before fencing"),
    ("pcmk_delay_base", "string", Some("0s"), "Fixed delay before fencing, also as node1:1s;node2:5"),
    ("pcmk_action_limit", "integer", Some("1"), "Actions at a time on this device; -1 has no limit"),
    ("pcmk_reboot_action", "string", Some("reboot"), "(advanced) Run this instead of 'reboot'"),
    ("pcmk_reboot_timeout", "time", Some("60s"), "(advanced) Timeout of reboot"),
    ("pcmk_reboot_retries", "integer", Some("2"), "(advanced) Retries of reboot within its timeout"),
    ("pcmk_off_action", "string", Some("off"), "(advanced) Run this instead of 'off'"),
    ("pcmk_off_timeout", "time", Some("60s"), "(advanced) Timeout of off"),
    ("pcmk_off_retries", "integer", Some("2"), "(advanced) Retries of off within its timeout"),
    ("pcmk_on_action", "string", Some("on"), "(advanced) Run this instead of 'on'"),
    ("pcmk_on_timeout", "time", Some("60s"), "(advanced) Timeout of on"),
    ("pcmk_on_retries", "integer", Some("2"), "(advanced) Retries of on within its timeout"),
    ("pcmk_list_action", "string", Some("list"), "(advanced) Run this instead of 'list'"),
    ("pcmk_list_timeout", "time", Some("60s"), "(advanced) Timeout of list"),
    ("pcmk_list_retries", "integer", Some("2"), "(advanced) Retries of list within its timeout"),
    ("pcmk_monitor_action", "string", Some("monitor"), "(advanced) Run this instead of 'monitor'"),
    ("pcmk_monitor_timeout", "time", Some("60s"), "(advanced) Timeout of monitor"),
    ("pcmk_monitor_retries", "integer", Some("2"), "(advanced) Retries of monitor within its timeout"),
    ("pcmk_status_action", "string", Some("status"), "(advanced) Run this instead of 'status'"),
    ("pcmk_status_timeout", "time", Some("60s"), "(advanced) Timeout of status"),
    ("pcmk_status_retries", "integer", Some("2"), "(advanced) Retries of status within its timeout"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_listed_and_flags_are_read() {
        let properties = described(Described::ClusterProperties);
        let policy = properties.parameter("no-quorum-policy").unwrap();
        assert_eq!((policy.kind.as_str(), policy.enum_values.as_ref().unwrap().len()), ("select", 6));
        assert!(properties.parameter("stonith-enabled").unwrap().advanced);
        assert!(properties.parameter("dc-version").unwrap().generated);
        assert!(described(Described::PrimitiveMeta).parameter("target-role").is_some());
    }
}
