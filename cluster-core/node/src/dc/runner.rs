//! A transition being carried out: what may be fired now, and whether it is over.
//!
//! Pure bookkeeping. Aborted means: what flies lands, what waits is dropped; only what completes a
//! thing that was begun (a priority of [`COMPLETES`]: the notification after a promotion) still goes.

use rhapsody_transition::{Action, ActionId, ActionKind, Transition};
use std::collections::BTreeMap;

/// Actions of this priority are carried out although the transition was aborted, as Pacemaker does:
/// an agent that was told "before" must be told "after" too.
const COMPLETES: i32 = 1_000_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Flying,
    Confirmed,
    Failed,
}

#[derive(Debug)]
pub(crate) struct Runner {
    pub transition: Transition,
    pub number: u32,
    states: Vec<State>,
    index: BTreeMap<ActionId, usize>,
    pub aborted: Option<String>,
}

impl Runner {
    pub fn new(mut transition: Transition, number: u32) -> Runner {
        transition.actions.iter_mut().for_each(name_as_history_does);
        let index = transition.actions.iter().enumerate().map(|(i, a)| (a.id, i)).collect();
        let states = vec![State::Waiting; transition.actions.len()];
        Runner { transition, number, states, index, aborted: None }
    }

    fn set(&mut self, id: ActionId, state: State) {
        if let Some(i) = self.index.get(&id) {
            self.states[*i] = state;
        }
    }

    /// Actions to fire now, the most important first. Pseudo actions are confirmed on the way. The
    /// caller says with [`flies`](Self::flies) or [`confirm`](Self::confirm) what became of them.
    pub fn ready(&mut self) -> Vec<Action> {
        let at_least = if self.aborted.is_some() { COMPLETES } else { i32::MIN };
        let mut ready: Vec<usize> = Vec::new();
        loop {
            let mut progress = false;
            ready.clear();
            for i in 0..self.states.len() {
                let action = &self.transition.actions[i];
                if self.states[i] != State::Waiting
                    || action.priority < at_least
                    || !action.inputs.iter().all(|id| self.is_confirmed(*id))
                {
                    continue;
                }
                if action.kind == ActionKind::Pseudo {
                    self.states[i] = State::Confirmed;
                    progress = true;
                } else {
                    ready.push(i);
                }
            }
            if !progress {
                break;
            }
        }
        // Stable: of equal priority in synapse order.
        ready.sort_by_key(|i| std::cmp::Reverse(self.transition.actions[*i].priority));
        let flying = self.flying();
        let room = match self.transition.batch_limit {
            0 => usize::MAX,
            limit => (limit as usize).saturating_sub(flying),
        };
        let mut migrations = self.migrations();
        let mut fired = Vec::new();
        for i in ready {
            if fired.len() >= room {
                break;
            }
            let action = &self.transition.actions[i];
            if let (true, Some(limit), Some(node)) =
                (is_migration(action), self.transition.migration_limit, &action.node)
            {
                let there = migrations.entry(node.clone()).or_insert(0);
                if *there >= limit {
                    continue;
                }
                *there += 1;
            }
            fired.push(action.clone());
        }
        fired
    }

    fn migrations(&self) -> BTreeMap<String, u32> {
        let mut by_node = BTreeMap::new();
        for (action, state) in self.transition.actions.iter().zip(&self.states) {
            if let (State::Flying, true, Some(node)) = (state, is_migration(action), &action.node) {
                *by_node.entry(node.clone()).or_insert(0) += 1;
            }
        }
        by_node
    }

    fn is_confirmed(&self, id: ActionId) -> bool {
        // An input that is not in the graph was optional.
        self.index.get(&id).is_none_or(|i| self.states[*i] == State::Confirmed)
    }

    pub fn flies(&mut self, id: ActionId) {
        self.set(id, State::Flying);
    }

    pub fn confirm(&mut self, id: ActionId) {
        self.set(id, State::Confirmed);
    }

    pub fn fail(&mut self, id: ActionId) {
        self.set(id, State::Failed);
    }

    pub fn abort(&mut self, why: &str) {
        if self.aborted.is_none() {
            self.aborted = Some(why.to_owned());
        }
    }

    pub fn flying(&self) -> usize {
        self.states.iter().filter(|s| **s == State::Flying).count()
    }

    /// The flying action that this is the result of.
    pub fn flying_action(&self, is_it: impl Fn(&Action) -> bool) -> Option<ActionId> {
        self.transition
            .actions
            .iter()
            .zip(&self.states)
            .find(|(a, s)| **s == State::Flying && is_it(a))
            .map(|(a, _)| a.id)
    }

    /// Nothing flies and nothing can be fired any more.
    pub fn is_over(&mut self) -> bool {
        self.flying() == 0 && self.ready().is_empty()
    }

    /// Actions that were never carried out.
    pub fn left_over(&self) -> usize {
        self.states.iter().filter(|s| matches!(s, State::Waiting)).count()
    }
}

fn is_migration(action: &Action) -> bool {
    matches!(action.task.as_str(), "migrate_to" | "migrate_from")
}

/// The first operations of an anonymous clone are planned by instance (`redis:1_start_0`); in the
/// history, and to its agents, it has one name on every node (`redis_start_0`).
fn name_as_history_does(action: &mut Action) {
    let Some(resource) = &action.resource else { return };
    let Some(long_id) = &resource.long_id else { return };
    let rest = action.key.strip_prefix(long_id.as_str()).filter(|rest| rest.starts_with('_'));
    if let Some(key) = rest.map(|rest| format!("{}{rest}", resource.id)) {
        action.key = key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `1 2<1 3<1,2!` is action 1, action 2 after 1, action 3 after both; `p` makes it pseudo, `!` raises its priority.
    fn graph(text: &str) -> Runner {
        let actions = text
            .split_whitespace()
            .map(|word| {
                let (head, inputs) = word.split_once('<').unwrap_or((word, ""));
                let id: u32 = head.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap();
                Action {
                    id: ActionId(id),
                    kind: if head.contains('p') { ActionKind::Pseudo } else { ActionKind::Resource },
                    task: if head.contains('m') { "migrate_to".into() } else { "start".into() },
                    key: format!("r{id}_start_0"),
                    internal_key: None,
                    node: Some("n1".into()),
                    node_id: None,
                    router_node: None,
                    resource: None,
                    params: BTreeMap::new(),
                    downed: Vec::new(),
                    priority: if head.contains('!') { 10 } else { 0 },
                    inputs: inputs.split(',').filter_map(|i| i.parse().ok().map(ActionId)).collect(),
                }
            })
            .collect();
        Runner::new(Transition { actions, ..Transition::default() }, 1)
    }

    fn fire(runner: &mut Runner) -> String {
        let ready = runner.ready();
        for a in &ready {
            runner.flies(a.id);
        }
        ready.iter().map(|a| a.id.0.to_string()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn inputs_are_awaited_and_pseudo_actions_pass() {
        let mut r = graph("1 2p<1 3<2 4");
        assert_eq!(fire(&mut r), "1 4");
        assert_eq!(fire(&mut r), "");
        r.confirm(ActionId(1));
        assert_eq!(fire(&mut r), "3");
        r.confirm(ActionId(3));
        assert!(!r.is_over());
        r.confirm(ActionId(4));
        assert!(r.is_over());
        assert_eq!(r.left_over(), 0);
    }

    #[test]
    fn the_important_goes_first_and_limits_hold() {
        let mut r = graph("1 2! 3!");
        r.transition.batch_limit = 2;
        assert_eq!(fire(&mut r), "2 3");
        assert_eq!(fire(&mut r), "");
        r.confirm(ActionId(3));
        assert_eq!(fire(&mut r), "1");
        let mut r = graph("1m 2m 3");
        r.transition.migration_limit = Some(1);
        assert_eq!(fire(&mut r), "1 3");
    }

    #[test]
    fn an_abort_lets_the_running_finish_and_drops_the_rest() {
        let mut r = graph("1 2<1");
        fire(&mut r);
        r.abort("test");
        assert!(!r.is_over());
        r.confirm(ActionId(1));
        assert_eq!(fire(&mut r), "");
        assert!(r.is_over());
        assert_eq!(r.left_over(), 1);
    }

    #[test]
    fn an_abort_still_completes_what_was_begun() {
        let mut r = graph("1 2<1 3<2 4<1");
        r.transition.actions[1].priority = COMPLETES;
        r.transition.actions[2].priority = COMPLETES;
        fire(&mut r);
        r.abort("the promotion changed an attribute");
        r.confirm(ActionId(1));
        assert_eq!(fire(&mut r), "2");
        r.confirm(ActionId(2));
        assert_eq!(fire(&mut r), "3");
        r.confirm(ActionId(3));
        assert!(r.is_over());
        assert_eq!(r.left_over(), 1);
    }

    #[test]
    fn an_anonymous_instance_has_one_name_on_every_node() {
        let mut t = graph("1").transition;
        let action = &mut t.actions[0];
        action.key = "redis:1_monitor_0".to_owned();
        let resource = rhapsody_transition::ActionResource {
            id: "redis".to_owned(),
            long_id: Some("redis:1".to_owned()),
            class: "ocf".to_owned(),
            provider: None,
            agent: "redis".to_owned(),
        };
        action.resource = Some(resource);
        assert_eq!(Runner::new(t, 1).transition.actions[0].key, "redis_monitor_0");
    }

    #[test]
    fn a_failure_stops_what_depends_on_it() {
        let mut r = graph("1 2<1");
        fire(&mut r);
        r.fail(ActionId(1));
        assert!(r.is_over());
    }
}
