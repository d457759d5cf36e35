//! What `simulate` may change in its input before planning: nodes, quorum, tickets, results of
//! operations.

use super::history::{Agent, History, Outcome};
use super::output::{InjectedAttribute, Modification};
use crate::model::Cluster;
use rhapsody_cib::nvpair;
use rhapsody_xml::Document;

/// `RESOURCE_TASK_INTERVAL@NODE=RC`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpSpec {
    /// As it was written.
    pub text: String,
    pub resource: String,
    pub task: String,
    pub interval_ms: u64,
    pub node: String,
    pub rc: i32,
}

impl OpSpec {
    pub fn parse(text: &str) -> Result<OpSpec, String> {
        let wrong = |what: &str| {
            format!(
                "'{text}' is not an operation: {what}; it is written RESOURCE_TASK_INTERVAL@NODE=RC, \
                 for example vip_monitor_10000@n1=7"
            )
        };
        let (head, rc) = text.rsplit_once('=').ok_or_else(|| wrong("'=RC' is missing"))?;
        let rc = rc.parse().map_err(|_| wrong(&format!("'{rc}' is no exit code")))?;
        let (key, node) = head.split_once('@').ok_or_else(|| wrong("'@NODE' is missing"))?;
        let (name, interval) = key.rsplit_once('_').ok_or_else(|| wrong("the interval is missing"))?;
        let interval_ms =
            interval.parse().map_err(|_| wrong(&format!("'{interval}' is no interval in milliseconds")))?;
        let task = ["migrate_to", "migrate_from"]
            .into_iter()
            .find(|t| name.strip_suffix(t).is_some_and(|n| n.ends_with('_')))
            .or_else(|| name.rsplit_once('_').map(|(_, task)| task))
            .ok_or_else(|| wrong("the task is missing"))?;
        let resource = &name[..name.len() - task.len()];
        let resource = resource.strip_suffix('_').unwrap_or(resource);
        if resource.is_empty() || task.is_empty() || node.is_empty() {
            return Err(wrong("the resource, the task or the node is missing"));
        }
        Ok(OpSpec {
            text: text.to_owned(),
            resource: resource.to_owned(),
            task: task.to_owned(),
            interval_ms,
            node: node.to_owned(),
            rc,
        })
    }
}

/// Everything that can be asked for, in the order in which it is done.
#[derive(Debug, Clone, Default)]
pub struct Injections {
    pub quorum: Option<String>,
    pub watchdog: Option<String>,
    pub nodes_up: Vec<String>,
    pub nodes_down: Vec<String>,
    pub nodes_fail: Vec<String>,
    pub grant: Vec<String>,
    pub revoke: Vec<String>,
    pub standby: Vec<String>,
    pub activate: Vec<String>,
    pub operations: Vec<OpSpec>,
}

impl Injections {
    pub fn is_empty(&self) -> bool {
        let lists = [
            &self.nodes_up,
            &self.nodes_down,
            &self.nodes_fail,
            &self.grant,
            &self.revoke,
            &self.standby,
            &self.activate,
        ];
        self.quorum.is_none()
            && self.watchdog.is_none()
            && self.operations.is_empty()
            && lists.iter().all(|list| list.is_empty())
    }

    /// Change the document; an error names what is not there, and nothing is to be used then.
    pub fn apply(&self, doc: &mut Document, c: &Cluster, now: i64) -> Result<Vec<Modification>, String> {
        let mut done = Vec::new();
        let root = doc.root();
        if let Some(value) = &self.quorum {
            let is = boolean("--quorum", value)?;
            doc.set_attr(root, "have-quorum", if is { "1" } else { "0" });
            done.push(Modification::Quorum(value.clone()));
        }
        if let Some(value) = &self.watchdog {
            let is = boolean("--watchdog", value)?;
            set_property(doc, "have-watchdog", if is { "true" } else { "false" });
            done.push(Modification::Watchdog(value.clone()));
        }
        for name in &self.nodes_up {
            add_node(doc, c, name);
        }
        let mut history = History::new(doc, now);
        for name in &self.nodes_up {
            let id = self.node_id(c, name)?;
            history.set_node(name, &id, ["true", "online", "member", "member"]);
            done.push(Modification::NodeUp(name.clone()));
        }
        for name in &self.nodes_down {
            history.node_down(name, &self.node_id(c, name)?);
            done.push(Modification::NodeDown(name.clone()));
        }
        for name in &self.nodes_fail {
            history.set_node(name, &self.node_id(c, name)?, ["false", "online", "member", "member"]);
            done.push(Modification::NodeFail(name.clone()));
        }
        type Make = fn(String) -> Modification;
        let tickets: [(&Vec<String>, &str, &str, Make); 4] = [
            (&self.grant, "granted", "true", Modification::Grant),
            (&self.revoke, "granted", "false", Modification::Revoke),
            (&self.standby, "standby", "true", Modification::Standby),
            (&self.activate, "standby", "false", Modification::Activate),
        ];
        for (list, name, value, modification) in tickets {
            for ticket in list {
                history.set_ticket(ticket, name, value);
                done.push(modification(ticket.clone()));
            }
        }
        for spec in &self.operations {
            done.push(Modification::Operation(spec.text.clone()));
            let id = self
                .node_id(c, &spec.node)
                .map_err(|problem| format!("cannot inject {}: {problem}", spec.text))?;
            let counted = operation(&mut history, c, spec, &id, now)?;
            done.extend(counted.into_iter().map(Modification::Attribute));
        }
        Ok(done)
    }

    /// The id of a node that is configured, or comes up for the first time.
    fn node_id(&self, c: &Cluster, name: &str) -> Result<String, String> {
        match c.node(name) {
            Some(n) => Ok(c[n].id.to_string()),
            None if self.nodes_up.iter().any(|up| up == name) => Ok(name.to_owned()),
            None => Err(format!("there is no node '{name}'")),
        }
    }
}

fn operation(
    history: &mut History,
    c: &Cluster,
    spec: &OpSpec,
    node_id: &str,
    now: i64,
) -> Result<Vec<InjectedAttribute>, String> {
    // An anonymous instance is known by its own name or by the name it has in the history.
    let base = spec.resource.split_once(':').map_or(spec.resource.as_str(), |(base, _)| base);
    let by_history = || c.all_resources().find(|r| c[*r].definition.id == base);
    let Some(rsc) = c.resource(&spec.resource).or_else(by_history).filter(|r| c[*r].is_primitive()) else {
        return Err(format!("cannot inject {}: there is no primitive '{}'", spec.text, spec.resource));
    };
    let d = &c[rsc].definition;
    let agent = Agent {
        name: if c[rsc].is_unique() { &spec.resource } else { base },
        class: &d.class,
        provider: d.provider.as_deref(),
        agent: &d.agent,
    };
    let done = Outcome {
        task: &spec.task,
        interval_ms: spec.interval_ms,
        rc: spec.rc,
        expected: 0,
        action: None,
        entry: None,
        exit_reason: if spec.rc == 0 { "" } else { "Simulated action result" },
        digest: None,
        more: Vec::new(),
    };
    history.record(&spec.node, node_id, &agent, &done);
    // Only a recurring monitor fails by finding nothing running.
    let found_stopped = spec.rc == crate::unpack::operation::NOT_RUNNING && spec.interval_ms == 0;
    if !done.is_failure() || found_stopped {
        return Ok(Vec::new());
    }
    Ok(count_failure(history, &OpSpec { resource: agent.name.to_owned(), ..spec.clone() }, node_id, now))
}

/// One failure more, and when it was.
pub fn count_failure(
    history: &mut History,
    spec: &OpSpec,
    node_id: &str,
    now: i64,
) -> Vec<InjectedAttribute> {
    let operation = format!("{}#{}_{}", spec.resource, spec.task, spec.interval_ms);
    let count = format!("fail-count-{operation}");
    let next = match history.attribute(&spec.node, node_id, &count).as_deref() {
        Some("INFINITY") => "INFINITY".to_owned(),
        before => {
            let before = before.and_then(|text| text.parse::<i64>().ok()).unwrap_or(0);
            before.saturating_add(1).to_string()
        }
    };
    history.set_attribute(&spec.node, node_id, &count, &next);
    let when = format!("last-failure-{operation}");
    history.set_attribute(&spec.node, node_id, &when, &now.to_string());
    let told = |name: String, value: String| InjectedAttribute { name, value, node_id: node_id.to_owned() };
    vec![told(count, "value++".to_owned()), told(when, now.to_string())]
}

fn boolean(option: &str, value: &str) -> Result<bool, String> {
    rhapsody_cib::boolean::parse(value)
        .ok_or_else(|| format!("'{value}' is neither true nor false ({option} takes 1 or 0)"))
}

/// A node that comes up for the first time is configured by that.
fn add_node(doc: &mut Document, c: &Cluster, name: &str) {
    if c.node(name).is_some() {
        return;
    }
    let root = doc.root();
    let configuration = doc.child(root, "configuration").unwrap_or_else(|| doc.append(root, "configuration"));
    let nodes = doc.child(configuration, "nodes").unwrap_or_else(|| doc.append(configuration, "nodes"));
    let node = doc.append(nodes, "node");
    doc.set_attr(node, "id", name);
    doc.set_attr(node, "uname", name);
}

/// Set a cluster property where it is, or in the first set.
fn set_property(doc: &mut Document, name: &str, value: &str) {
    let root = doc.root();
    let configuration = doc.child(root, "configuration").unwrap_or_else(|| doc.append(root, "configuration"));
    let options =
        doc.child(configuration, "crm_config").unwrap_or_else(|| doc.append(configuration, "crm_config"));
    let sets: Vec<_> = doc.children_named(options, "cluster_property_set").collect();
    let block =
        sets.iter().copied().find(|s| nvpair::find(doc, *s, name).is_some()).or(sets.first().copied());
    let block = block.unwrap_or_else(|| {
        let block = doc.append(options, "cluster_property_set");
        doc.set_attr(block, "id", "cib-bootstrap-options");
        block
    });
    nvpair::set(doc, block, name, value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_taken_apart() {
        let spec = OpSpec::parse("my_db:1_migrate_to_0@n1.example.com=7").unwrap();
        assert_eq!((spec.resource.as_str(), spec.task.as_str()), ("my_db:1", "migrate_to"));
        assert_eq!((spec.interval_ms, spec.node.as_str(), spec.rc), (0, "n1.example.com", 7));
        assert_eq!(OpSpec::parse("a_b_monitor_20000@n=0").unwrap().resource, "a_b");
    }

    #[test]
    fn what_is_no_operation_is_named() {
        for (text, part) in [
            ("foo@n1=1", "interval"),
            ("vip_monitor_10@n1=x", "exit code"),
            ("vip_monitor_10=7", "@NODE"),
            ("vip_monitor_x@n1=7", "milliseconds"),
            ("monitor_10@n1=7", "task"),
            ("_monitor_10@n1=7", "missing"),
            ("", "=RC"),
        ] {
            let error = OpSpec::parse(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
