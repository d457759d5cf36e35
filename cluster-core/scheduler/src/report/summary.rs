//! The transition summary: one line for each node and resource that changes.

use crate::actions::*;
use crate::model::*;
use crate::plan::Plan;
use smol_str::SmolStr;

/// What a transition does to one node or resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Fence {
        /// `Fence (reboot)`
        task: String,
        node: SmolStr,
        /// The resource that a guest node runs in.
        container: Option<SmolStr>,
        reason: Option<String>,
    },
    Resource(ResourceChange),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceChange {
    /// `Start`, `Move`, ...
    pub change: &'static str,
    pub id: SmolStr,
    pub from: Option<SmolStr>,
    pub to: Option<SmolStr>,
    pub role: Role,
    pub next_role: Role,
    /// Without "due to".
    pub reason: Option<String>,
    pub is_blocked: bool,
}

impl ResourceChange {
    pub fn needs_role(&self) -> bool {
        self.role > Role::Started || self.next_role > Role::Unpromoted
    }

    /// The part in parentheses: from where to where, with roles where they matter.
    fn details(&self) -> String {
        let (role, next) = (self.role, self.next_role);
        let same_role = role == next;
        match (&self.from, &self.to) {
            (None, Some(t)) if self.needs_role() => format!("{role} -> {next} {t}"),
            (Some(f), None) if self.needs_role() => format!("{role} {f}"),
            (None, Some(n)) | (Some(n), None) => n.to_string(),
            (Some(f), Some(t)) if same_role && f == t => {
                if self.needs_role() {
                    format!("{role} {f}")
                } else {
                    f.to_string()
                }
            }
            (Some(f), Some(t)) if same_role && self.needs_role() => format!("{f} -> {t} {role}"),
            (Some(f), Some(t)) if same_role => format!("{f} -> {t}"),
            (Some(f), Some(t)) if f == t => format!("{role} -> {next} {f}"),
            (Some(f), Some(t)) => format!("{role} {f} -> {next} {t}"),
            (None, None) => String::new(),
        }
    }

    fn why(&self) -> String {
        match (&self.reason, self.is_blocked) {
            (Some(t), true) => format!("  due to {t} (blocked)"),
            (Some(t), false) => format!("  due to {t}"),
            (None, true) => "  blocked".to_owned(),
            (None, false) => String::new(),
        }
    }
}

/// What changes: nodes to be fenced, then resources in the order of the configuration.
pub fn changes(plan: &mut Plan) -> Vec<Change> {
    let mut out = Vec::new();
    for i in (0..plan.actions.len() as u32).rev() {
        let action = plan.action(ActionIdx(i));
        if action.rsc.is_some() || action.is(OPTIONAL) || action.task != Task::STONITH {
            continue;
        }
        if action.meta("stonith_action") == Some("on") && action.reason.is_none() {
            // Unfenced because a device changed; that is said of the device.
            continue;
        }
        let Some(node) = action.node else { continue };
        let task = format!("Fence ({})", action.meta("stonith_action").unwrap_or("reboot"));
        let container = match plan.c[node].is_guest() {
            true => plan.c[node].connection.and_then(|r| plan.c[r].container).map(|k| plan.c[k].id.clone()),
            false => None,
        };
        let (node, reason) = (plan.c[node].name.clone(), action.reason.clone());
        out.push(Change::Fence { task, node, container, reason });
    }
    let mut resources = Vec::new();
    for rsc in plan.c.top.clone() {
        collect(plan, rsc, &mut resources);
    }
    out.extend(resources.into_iter().map(Change::Resource));
    out
}

/// "Transition Summary" as lines.
pub fn summary_lines(changes: &[Change]) -> Vec<String> {
    let (mut id_width, mut details_width) = (5, 5);
    for change in changes {
        if let Change::Resource(l) = change {
            if l.id.len() > id_width {
                id_width = l.id.len() + 2;
            }
            details_width = details_width.max(l.details().len());
        }
    }
    // The formatter takes no width beyond this.
    let (id_width, details_width) = (id_width.min(60_000), details_width.min(60_000));
    let line = |change: &Change| match change {
        Change::Fence { task, node, container, reason } => {
            let inside = container.as_ref().map_or(String::new(), |k| format!(" (resource: {k})"));
            let why = reason.as_ref().map_or(String::new(), |r| format!(" '{r}'"));
            format!("  * {task} {node}{inside}{why}")
        }
        Change::Resource(l) => format!(
            "  * {:<8}   {:<id_width$}   ( {:>details_width$} ){}",
            l.change,
            l.id,
            l.details(),
            l.why()
        ),
    };
    changes.iter().map(line).collect()
}

fn collect(plan: &mut Plan, rsc: ResourceIdx, lines: &mut Vec<ResourceChange>) {
    if let Some(data) = plan.c[rsc].bundle.clone() {
        for r in &data.replicas {
            for part in [r.ip, Some(r.container), r.connection, r.child].into_iter().flatten() {
                collect(plan, part, lines);
            }
        }
        return;
    }
    let children = plan.children(rsc);
    if !children.is_empty() || !plan.c[rsc].is_primitive() {
        for c in children {
            collect(plan, c, lines);
        }
        return;
    }
    primitive(plan, rsc, lines);
}

fn find(plan: &Plan, rsc: ResourceIdx, task: Task, node: Option<NodeIdx>) -> Option<ActionIdx> {
    plan.with_key(rsc, task, 0).find(|a| node.is_none() || plan.action(*a).node == node)
}

fn primitive(plan: &mut Plan, rsc: ResourceIdx, lines: &mut Vec<ResourceChange>) {
    let next = plan.c[rsc].assigned;
    let mut current = None;
    if !plan.c[rsc].active.is_empty() {
        current = plan.current_node(rsc);
        if plan.c[rsc].role == Role::Stopped {
            plan.c[rsc].role = Role::Started;
        }
    }
    let r = &plan.c[rsc];
    if (current.is_none() && r.is_removed()) || !r.is_managed() || (current.is_none() && next.is_none()) {
        return;
    }
    let moving = current.is_some() && next.is_some() && current != next;
    let mut stop = find(plan, rsc, Task::STOP, current.or(next));
    if stop.is_none() && r.is(Flags::STOP_UNEXPECTED) {
        stop = find(plan, rsc, Task::STOP, None);
    }
    let start = find(plan, rsc, Task::START, next);
    let promote = find(plan, rsc, Task::PROMOTE, next);
    let demote = find(plan, rsc, Task::DEMOTE, next);
    let is = |a: Option<ActionIdx>, flag: u32| a.is_some_and(|a| plan.action(a).is(flag));
    let required = |a: Option<ActionIdx>| a.is_some() && !is(a, OPTIONAL);
    let reason = |a: Option<ActionIdx>| a.is_some_and(|a| plan.action(a).reason.is_some());
    let mut push = |change: &'static str,
                    from: Option<NodeIdx>,
                    to: Option<NodeIdx>,
                    action: Option<ActionIdx>,
                    source: Option<ActionIdx>| {
        lines.push(line(plan, rsc, change, from, to, action, source));
    };
    let failed = r.is_failed();
    let must_stop = r.is(Flags::FAILED.and(Flags::STOP_IF_FAILED));
    if r.role == r.next_role {
        let migrate = find(plan, rsc, Task::MIGRATE_FROM, next);
        if is(migrate, RUNNABLE) && required(migrate) {
            push("Migrate", current, next, migrate, None);
        } else if r.is(Flags::RELOAD) {
            push("Reload", current, next, start, None);
        } else if start.is_none() || is(start, OPTIONAL) {
            if required(demote) && required(promote) {
                push("Re-promote", current, next, promote, demote);
            }
        } else if !is(start, RUNNABLE) {
            let source = if reason(stop) { stop } else { start };
            push("Stop", current, None, stop, source);
        } else if moving {
            push(if failed { "Recover" } else { "Move" }, current, next, stop, None);
        } else if failed {
            push("Recover", current, None, stop, None);
        } else {
            push("Restart", current, next, start, None);
        }
        return;
    }
    let stops = r.next_role == Role::Stopped || (start.is_some() && !is(start, RUNNABLE));
    if stop.is_some() && stops {
        for n in r.active.clone() {
            let stop = find(plan, rsc, Task::STOP, Some(n));
            let source = if reason(stop) { None } else { start };
            push("Stop", Some(n), None, stop, source);
        }
        return;
    }
    if stop.is_some() && must_stop {
        push("Recover", current, next, stop, start);
    } else if moving {
        push("Move", current, next, stop, None);
    } else if r.is(Flags::RELOAD) {
        push("Reload", current, next, start, None);
    } else if required(stop) {
        push("Restart", current, next, start, None);
    } else if r.role == Role::Promoted {
        push("Demote", current, next, demote, None);
    } else if r.next_role == Role::Promoted {
        push("Promote", current, next, promote, None);
    } else if r.role == Role::Stopped && r.next_role > Role::Stopped {
        push("Start", current, next, start, None);
    }
}

fn line(
    plan: &Plan,
    rsc: ResourceIdx,
    change: &'static str,
    from: Option<NodeIdx>,
    to: Option<NodeIdx>,
    action: Option<ActionIdx>,
    source: Option<ActionIdx>,
) -> ResourceChange {
    let r = &plan.c[rsc];
    let name = |n: NodeIdx| plan.c[n].name.clone();
    ResourceChange {
        change,
        id: r.id.clone(),
        from: from.map(name),
        to: to.map(name),
        role: r.role,
        next_role: r.next_role,
        reason: source.or(action).and_then(|a| plan.action(a).reason.clone()),
        is_blocked: action.is_some_and(|a| !plan.action(a).is(RUNNABLE)),
    }
}
