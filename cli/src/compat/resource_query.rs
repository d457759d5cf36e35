//! What `crm_resource` answers from the status.

use super::exit::{Exit, Outcome, Problem};
use rhapsody_cib::{Cib, Element};
use rhapsody_status::{MonOptions, Resource, Status};
use std::time::{SystemTime, UNIX_EPOCH};

fn status(cib: &Cib) -> Status {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs() as i64);
    Status::new(cib, now)
}

pub fn list_raw(cib: &Cib) -> Outcome {
    let status = status(cib);
    for entry in &status.resources {
        for rsc in entry.primitives().into_iter().filter(|r| !r.orphaned || r.active) {
            say!("{}", rsc.instance);
        }
    }
    Ok(Exit::Ok)
}

pub fn list(cib: &Cib) -> Outcome {
    let only = vec!["resources".to_owned()];
    say_part!("{}", status(cib).crm_mon_text(&MonOptions { inactive: true, only, ..MonOptions::default() }));
    Ok(Exit::Ok)
}

pub fn locate(cib: &Cib, id: &str, quiet: bool) -> Outcome {
    let status = status(cib);
    // The last instance comes first, as in the real one; members of a group share a line.
    let mut lines: Vec<String> = Vec::new();
    for rsc in status.find(id).into_iter().rev() {
        for node in &rsc.nodes {
            let role = if rsc.role == "Promoted" { " Promoted" } else { "" };
            let line = match quiet {
                true => node.name.clone(),
                false => format!("resource {id} is running on: {}{role}", node.name),
            };
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    if lines.is_empty() {
        eprintln!("resource {id} is NOT running");
    }
    for line in lines {
        say!("{line}");
    }
    Ok(Exit::Ok)
}

/// The one node that `--ban` without a node means.
pub fn only_node(cib: &Cib, id: &str, promoted: bool) -> Result<String, Problem> {
    let status = status(cib);
    let active: Vec<&Resource> = status
        .find(id)
        .into_iter()
        .filter(|r| !r.nodes.is_empty() && (!promoted || r.role == "Promoted"))
        .collect();
    let mut nodes: Vec<&str> = active.iter().flat_map(|r| &r.nodes).map(|n| n.name.as_str()).collect();
    nodes.sort_unstable();
    nodes.dedup();
    if let [one] = nodes.as_slice() {
        return Ok((*one).to_owned());
    }
    // Of a promotable clone the promoted instance is meant.
    let of_promoted: Vec<&&Resource> = active.iter().filter(|r| r.role == "Promoted").collect();
    match of_promoted.as_slice() {
        [one] => Ok(one.nodes[0].name.clone()),
        _ => Err(Problem::usage(format!(
            "Resource '{id}' is active in {} locations, say which one is meant: --node NODE",
            nodes.len()
        ))),
    }
}

pub fn xml(cib: &Cib, id: &str, element: Element) -> Outcome {
    let status = status(cib);
    let only = vec!["resources".to_owned()];
    let options = MonOptions { inactive: true, only, resource: Some(id.to_owned()), ..MonOptions::default() };
    for line in status.crm_mon_text(&options).lines().skip(1) {
        say!("{}", line.trim_start().trim_start_matches("* "));
    }
    let one = cib.extract(element);
    say!("Resource XML:\n{}", one.write(one.root()).trim_end());
    Ok(Exit::Ok)
}

pub fn operations(cib: &Cib, resource: Option<&str>, node: Option<&str>) -> Outcome {
    let status = status(cib);
    for at in status.node_history.iter().filter(|n| node.is_none_or(|name| name == n.node)) {
        for history in at.resources.iter().filter(|r| resource.is_none_or(|id| id == r.id)) {
            let known = status.find(&history.id);
            let here = known.iter().find(|r| r.nodes.iter().any(|n| n.name == at.node)).or(known.first());
            let (agent, role) = here.map_or(("", "Stopped"), |r| (r.agent.as_str(), r.role));
            for op in &history.operations {
                let task = if op.task == "probe" { "monitor" } else { &op.task };
                let when = op
                    .last_rc_change
                    .map(|at| format!(", last-rc-change='{}'", rhapsody_status::date_text(at)))
                    .unwrap_or_default();
                let exec = op.exec_time.as_ref().map(|ms| format!(", exec={ms}ms")).unwrap_or_default();
                say!(
                    "{}\t({agent}):\t {role}: {}_{task}_{} (node={}, call={}, rc={}{when}{exec}): complete",
                    history.id,
                    history.id,
                    op.interval_ms,
                    at.node,
                    op.call,
                    op.rc
                );
            }
        }
    }
    Ok(Exit::Ok)
}
