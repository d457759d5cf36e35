//! What happens on a remote or guest node happens while the connection to it is up.

use super::Side;
use super::flags::*;
use crate::actions::{ActionIdx, OPTIONAL, PSEUDO, Task};
use crate::model::{Flags, NodeIdx, ResourceIdx, Role};
use crate::plan::Plan;

/// What can be said of a connection before anything is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Connection {
    /// Up, and able to carry actions now.
    Alive,
    /// Comes up (again) elsewhere: actions wait for that.
    Resting,
    /// Lost for good: what ran behind it can only be fenced.
    Failed,
    /// Down, or going down, as planned.
    Stopped,
    /// Not known before a new attempt was made.
    Unknown,
}

impl Plan<'_> {
    /// Tie every action on a remote or guest node to that node's connection.
    pub fn order_remote_actions(&mut self) {
        if !self.c.has_remote_nodes {
            return;
        }
        for i in (0..self.actions.len() as u32).rev() {
            let a = ActionIdx(i);
            let action = self.action(a);
            let Some(rsc) = action.rsc else { continue };
            if action.task == Task::CLEAR_FAILCOUNT && self.c[rsc].is(Flags::REMOTE_CONNECTION) {
                // A connection is tried again with a clean record.
                self.order(Side::action_of(Some(rsc), a), Side::task(rsc, Task::START), ORDERED);
                continue;
            }
            let Some(node) = action.node else { continue };
            if !self.c[node].is_remote() || action.is(PSEUDO) {
                continue;
            }
            let Some(connection) = self.c[node].connection else { continue };
            if action.task == Task::START {
                self.keep_until_connected(rsc, a, node, connection);
            }
            if self.c[node].is_guest() {
                self.order_guest_action(a, node, connection);
            } else {
                self.order_remote_action(a, node, connection);
            }
        }
    }

    /// A resource that moves to a remote node stays where it is until that can be reached.
    fn keep_until_connected(
        &mut self,
        rsc: ResourceIdx,
        start: ActionIdx,
        node: NodeIdx,
        connection: ResourceIdx,
    ) {
        let stops: Vec<ActionIdx> = self
            .own_actions(rsc)
            .iter()
            .rev()
            .copied()
            .filter(|a| self.action(*a).task == Task::STOP && self.action(*a).node != Some(node))
            .filter(|a| *a != start)
            .collect();
        for stop in stops {
            self.after_connection(connection, stop, 0);
        }
    }

    /// Nothing reaches a node whose connection cannot be made.
    fn after_connection(&mut self, connection: ResourceIdx, a: ActionIdx, flags: u32) {
        let then = self.side(a);
        let flags = flags | UNRUNNABLE_FIRST_BLOCKS | GUEST_ALLOWED;
        self.order(Side::task(connection, Task::START), then, flags);
    }

    fn before_disconnection(&mut self, connection: ResourceIdx, a: ActionIdx, flags: u32) {
        let first = self.side(a);
        self.order(first, Side::task(connection, Task::STOP), flags | GUEST_ALLOWED);
    }

    /// The node is out of reach, and nothing that is planned will change that.
    pub fn connection_is_lost(&self, node: NodeIdx) -> bool {
        let connection = self.c[node].connection;
        connection.is_some_and(|r| self.connection_state(node, r) == Connection::Failed)
    }

    fn connection_state(&self, node: NodeIdx, connection: ResourceIdx) -> Connection {
        let r = &self.c[connection];
        let host = self.current_node(connection);
        let comes_up = r.next_role != Role::Stopped && r.assigned.is_some();
        if !comes_up {
            if host.is_some_and(|h| self.c[h].unclean) {
                return Connection::Failed;
            }
            if !r.is_failed() {
                return Connection::Stopped;
            }
            let waits = r.next_role == Role::Stopped
                && r.reconnect_interval_ms > 0
                && self.c[node].was_fenced
                && !r.is(Flags::START_DELAYED);
            return if waits { Connection::Unknown } else { Connection::Failed };
        }
        match host {
            None => Connection::Unknown,
            Some(h) if self.c[h].unclean || !self.c[h].online => Connection::Resting,
            Some(_) if r.active.len() > 1 && r.migration_source.is_some() && r.migration_target.is_some() => {
                Connection::Resting
            }
            Some(_) => Connection::Alive,
        }
    }

    fn order_remote_action(&mut self, a: ActionIdx, node: NodeIdx, connection: ResourceIdx) {
        let state = self.connection_state(node, connection);
        let action = self.action(a);
        let probe = action.task == Task::MONITOR && action.interval_ms == 0;
        match action.task {
            Task::START | Task::PROMOTE => {
                self.after_connection(connection, a, 0);
            }
            Task::STOP => match state {
                Connection::Alive => self.before_disconnection(connection, a, THEN_IMPLIES_FIRST),
                Connection::Failed => {
                    self.require_fencing(node, "resources are active but connection is unrecoverable");
                }
                _ if self.c[connection].next_role == Role::Stopped => {
                    self.before_disconnection(connection, a, THEN_IMPLIES_FIRST);
                }
                _ => self.after_connection(connection, a, 0),
            },
            Task::DEMOTE => {
                if matches!(state, Connection::Resting | Connection::Unknown) {
                    self.after_connection(connection, a, 0);
                }
            }
            _ if action.interval_ms > 0 => self.after_connection(connection, a, FIRST_IMPLIES_THEN),
            // The node's fencing will take its history along.
            Task::DELETE if state == Connection::Failed => self.action_mut(a).set(OPTIONAL),
            _ => {
                if probe && state == Connection::Failed {
                    self.require_fencing(
                        node,
                        "resources are in unknown state and connection is unrecoverable",
                    );
                }
                if state == Connection::Stopped && self.current_node(connection).is_some() {
                    // It goes down for good: look while that is possible.
                    self.before_disconnection(connection, a, THEN_IMPLIES_FIRST);
                } else {
                    self.after_connection(connection, a, 0);
                }
            }
        }
    }

    fn order_guest_action(&mut self, a: ActionIdx, node: NodeIdx, connection: ResourceIdx) {
        let Some(container) = self.c[connection].container else { return };
        let failed = self.c[container].is_failed();
        if failed {
            self.require_fencing(node, "container failed");
        }
        let action = self.action(a);
        match action.task {
            Task::START | Task::PROMOTE => {
                let flags = FIRST_IMPLIES_THEN | UNRUNNABLE_FIRST_BLOCKS | GUEST_ALLOWED;
                let then = self.side(a);
                self.order(Side::task(container, Task::START), then, flags);
                self.after_connection(connection, a, 0);
            }
            Task::STOP | Task::DEMOTE => {
                // A failed container takes everything with it.
                if !failed {
                    self.before_disconnection(connection, a, 0);
                }
            }
            // What is cancelled has been running.
            Task::CANCEL => {}
            _ if action.interval_ms > 0 => self.after_connection(connection, a, FIRST_IMPLIES_THEN),
            _ => self.after_connection(connection, a, 0),
        }
    }
}
