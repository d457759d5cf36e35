//! A scheduler for the simulation's small CIBs, simple enough to be believed: probe, fence, stop,
//! start, monitor, leave. The world uses it where a run should not depend on the real one.

use rhapsody_cib::{Cib, Element};
use rhapsody_transition::{Action, ActionId, ActionKind, ActionResource, Transition};
use std::collections::{BTreeMap, BTreeSet};

struct View {
    name: String,
    id: String,
    online: bool,
    unclean: bool,
    shutdown: bool,
    standby: bool,
    /// By resource: known, active, failed stop.
    history: BTreeMap<String, (bool, bool, bool)>,
    monitored: BTreeSet<String>,
    banned: BTreeSet<String>,
}

struct Graph {
    actions: Vec<Action>,
}

impl Graph {
    fn add(
        &mut self,
        kind: ActionKind,
        task: &str,
        node: &View,
        resource: Option<&str>,
        interval: u64,
        inputs: &[ActionId],
    ) -> ActionId {
        let id = ActionId(self.actions.len() as u32);
        let mut params = BTreeMap::from([("CRM_meta_timeout".to_owned(), "5000".to_owned())]);
        if interval > 0 {
            params.insert("CRM_meta_interval".to_owned(), interval.to_string());
        }
        if task == "monitor" && interval == 0 {
            params.insert("CRM_meta_op_target_rc".to_owned(), "7".to_owned());
        }
        if task == "stonith" {
            params.insert("CRM_meta_stonith_action".to_owned(), "reboot".to_owned());
        }
        self.actions.push(Action {
            id,
            kind,
            task: task.to_owned(),
            key: format!("{}_{task}_{interval}", resource.unwrap_or(&node.name)),
            internal_key: None,
            node: Some(node.name.clone()),
            node_id: Some(node.id.clone()),
            router_node: None,
            resource: resource.map(|r| ActionResource {
                id: r.to_owned(),
                long_id: None,
                class: "ocf".to_owned(),
                provider: Some("heartbeat".to_owned()),
                agent: "Dummy".to_owned(),
            }),
            params,
            downed: Vec::new(),
            priority: 0,
            inputs: inputs.to_vec(),
        });
        id
    }
}

/// Plans for primitives of class ocf.
pub fn plan(cib: &Cib) -> Transition {
    let fencing = cib.property("stonith-enabled") != Some("false");
    let quorate = cib.have_quorum();
    let policy = cib.property("no-quorum-policy").unwrap_or("stop");
    let views = views(cib, fencing);
    let acts = quorate || policy == "ignore";
    let mut graph = Graph { actions: Vec::new() };
    let mut fenced = Vec::new();
    for view in views.iter().filter(|v| v.unclean && fencing && acts) {
        fenced.push(graph.add(ActionKind::Cluster, "stonith", view, None, 0, &[]));
    }
    let mut stops: BTreeMap<&str, Vec<ActionId>> = BTreeMap::new();
    for (index, rsc) in primitives(cib).iter().enumerate() {
        plan_one(&mut graph, rsc, index, &views, &fenced, acts, policy, &mut stops);
    }
    for view in views.iter().filter(|v| v.online && v.shutdown) {
        let inputs = stops.get(view.name.as_str()).cloned().unwrap_or_default();
        graph.add(ActionKind::Cluster, "do_shutdown", view, None, 0, &inputs);
    }
    Transition { actions: graph.actions, start_failure_is_fatal: true, ..Transition::default() }
}

#[allow(clippy::too_many_arguments)]
fn plan_one<'v>(
    graph: &mut Graph,
    rsc: &str,
    index: usize,
    views: &'v [View],
    fenced: &[ActionId],
    acts: bool,
    policy: &str,
    stops: &mut BTreeMap<&'v str, Vec<ActionId>>,
) {
    let online = || views.iter().filter(|v| v.online && !v.unclean);
    let mut before: Vec<ActionId> = fenced.to_vec();
    let mut unknown = false;
    for view in online() {
        if !view.history.get(rsc).is_some_and(|h| h.0) {
            before.push(graph.add(ActionKind::Resource, "monitor", view, Some(rsc), 0, &[]));
            unknown = true;
        }
    }
    let active: Vec<&View> = views.iter().filter(|v| v.history.get(rsc).is_some_and(|h| h.1)).collect();
    // Active where nobody can reach it: only fencing helps, and without fencing it is forgotten.
    let lost = active.iter().any(|v| v.unclean);
    let usable = |v: &&View| v.online && !v.unclean && !v.shutdown && !v.standby && !v.banned.contains(rsc);
    let mut candidates: Vec<&View> = views.iter().filter(usable).collect();
    let turn = if candidates.is_empty() { 0 } else { index % candidates.len() };
    candidates.rotate_left(turn);
    let stay = active.iter().copied().find(|v| usable(v));
    let chosen = stay.or(candidates.first().copied());
    let chosen = if acts || (policy == "freeze" && stay.is_some()) { chosen } else { None };
    for view in active.iter().filter(|v| v.online && !v.unclean) {
        let here =
            chosen.is_some_and(|c| c.name == view.name) && active.iter().filter(|v| v.online).count() == 1;
        if !here {
            let stop = graph.add(ActionKind::Resource, "stop", view, Some(rsc), 0, &[]);
            before.push(stop);
            stops.entry(&view.name).or_default().push(stop);
        }
    }
    let Some(chosen) = chosen else { return };
    if lost && fenced.is_empty() && views.iter().any(|v| v.unclean) {
        return;
    }
    let single = active.iter().filter(|v| v.online).count() == 1;
    if stay.is_some_and(|s| s.name == chosen.name) && single {
        if !chosen.monitored.contains(rsc) && !unknown {
            graph.add(ActionKind::Resource, "monitor", chosen, Some(rsc), 10_000, &[]);
        }
        return;
    }
    if unknown {
        // Probe first; the answers bring the next plan.
        return;
    }
    let start = graph.add(ActionKind::Resource, "start", chosen, Some(rsc), 0, &before);
    graph.add(ActionKind::Resource, "monitor", chosen, Some(rsc), 10_000, &[start]);
}

fn primitives(cib: &Cib) -> Vec<String> {
    let Some(resources) = cib.resources() else { return Vec::new() };
    cib.descendants(resources)
        .filter(|e| cib.name(*e) == "primitive" && cib.attr(*e, "class") == Some("ocf"))
        .filter_map(|e| cib.attr(e, "id").map(str::to_owned))
        .collect()
}

fn views(cib: &Cib, fencing: bool) -> Vec<View> {
    let Some(nodes) = cib.nodes() else { return Vec::new() };
    cib.children_named(nodes, "node")
        .map(|node| {
            let name = cib.attr(node, "uname").unwrap_or_default().to_owned();
            let id = cib.attr(node, "id").unwrap_or_default().to_owned();
            let state = cib.node_state(&name);
            let get = |key| state.and_then(|e| cib.attr(e, key));
            let online = get("crmd") == Some("online") && get("in_ccm") == Some("true");
            let lost = get("expected") == Some("member") && !online;
            let mut view = View {
                online,
                unclean: fencing && (lost || state.is_none()),
                shutdown: false,
                standby: false,
                history: BTreeMap::new(),
                monitored: BTreeSet::new(),
                banned: BTreeSet::new(),
                name,
                id,
            };
            if let Some(state) = state {
                read_state(cib, state, &mut view);
            }
            if fencing && view.history.values().any(|h| h.2) {
                view.unclean = true;
            }
            if !view.online && !view.unclean {
                view.history.clear();
            }
            view
        })
        .collect()
}

fn read_state(cib: &Cib, state: Element, view: &mut View) {
    for e in cib.descendants(state) {
        match cib.name(e) {
            "nvpair" => {
                let (name, value) = (cib.attr(e, "name").unwrap_or_default(), cib.attr(e, "value"));
                if name == "shutdown" {
                    view.shutdown = true;
                }
                if let (Some(rest), Some("INFINITY")) = (name.strip_prefix("fail-count-"), value) {
                    view.banned.insert(rest.split('#').next().unwrap_or_default().to_owned());
                }
            }
            "lrm_rsc_op" => {
                let id = cib.attr(e, "id").unwrap_or_default();
                let pending = cib.attr(e, "op-status") == Some("-1");
                let rsc = cib.parent(e).and_then(|p| cib.attr(p, "id")).unwrap_or_default().to_owned();
                let rc = cib.attr(e, "rc-code");
                let entry = view.history.entry(rsc.clone()).or_default();
                if id.ends_with("_last_0") {
                    entry.0 = true;
                    match (cib.attr(e, "operation").unwrap_or_default(), rc) {
                        ("monitor", _) if pending => entry.0 = false,
                        ("monitor", Some("0")) | ("start", _) => entry.1 = true,
                        ("stop", Some("0")) | ("monitor", _) => entry.1 = false,
                        ("stop", _) if pending => entry.1 = true,
                        ("stop", _) => (entry.1, entry.2) = (true, true),
                        _ => {}
                    }
                } else if cib.attr(e, "interval") != Some("0") && !pending && !id.contains("last_failure") {
                    view.monitored.insert(rsc);
                }
            }
            _ => {}
        }
    }
}
