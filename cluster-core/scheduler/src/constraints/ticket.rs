//! Ticket constraints: what happens to a resource when its site may not run it.

use super::Named;
use crate::explain::Cause;
use crate::model::*;
use crate::plan::Plan;
use crate::unpack::history::add_location;
use rhapsody_xml::Element;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LossPolicy {
    Stop,
    Demote,
    Fence,
    Freeze,
}

#[derive(Debug, Clone)]
pub struct TicketConstraint {
    pub id: String,
    pub rsc: ResourceIdx,
    pub ticket: String,
    pub role: Role,
    pub policy: LossPolicy,
}

impl Plan<'_> {
    pub(super) fn ticket_constraint(&mut self, e: Element, id: &str) {
        let doc = self.env.doc;
        let Some(ticket) = doc.attr(e, "ticket").map(str::to_owned) else {
            self.issue(Some(id), format!("Ignoring constraint '{id}' without ticket"));
            return;
        };
        let policy = doc.attr(e, "loss-policy").map(str::to_ascii_lowercase);
        let mut wanted: Vec<(ResourceIdx, Option<Role>)> = Vec::new();
        let sets: Vec<Element> = doc.children_named(e, "resource_set").collect();
        for s in sets {
            let set = self.read_set(s, id);
            wanted.extend(set.members.iter().map(|m| (*m, set.role)));
        }
        if let Some(name) = doc.attr(e, "rsc") {
            let role = doc.attr(e, "rsc-role").and_then(Role::parse);
            match self.named(name, id) {
                Some(Named::One(rsc)) => wanted.push((rsc, role)),
                Some(Named::Many(all)) => wanted.extend(all.into_iter().map(|r| (r, role))),
                None => {}
            }
        }
        for (rsc, role) in wanted {
            self.new_ticket(id, rsc, &ticket, role, policy.as_deref());
        }
    }

    fn new_ticket(
        &mut self,
        id: &str,
        rsc: ResourceIdx,
        ticket: &str,
        role: Option<Role>,
        policy: Option<&str>,
    ) {
        let role = role.filter(|r| *r != Role::Started).unwrap_or(Role::Unknown);
        let fencing = self.c.options.fencing;
        let policy = match policy {
            Some("fence") if fencing => LossPolicy::Fence,
            Some("fence") => LossPolicy::Stop,
            Some("freeze") => LossPolicy::Freeze,
            Some("demote") => LossPolicy::Demote,
            Some("stop") => LossPolicy::Stop,
            _ if role == Role::Promoted => LossPolicy::Demote,
            _ => LossPolicy::Stop,
        };
        self.c.tickets.entry(ticket.into()).or_default();
        let at = self.tickets.len() as u32;
        let new = TicketConstraint { id: id.to_owned(), rsc, ticket: ticket.to_owned(), role, policy };
        self.tickets.push(new.clone());
        self.tickets_of[rsc.0 as usize].push(at);
        if !self.ticket_usable(&new) {
            self.lose_ticket(rsc, &new);
            self.note(|_| Cause::Ticket(new.ticket.as_str().into()));
        }
    }

    pub fn ticket_usable(&self, t: &TicketConstraint) -> bool {
        self.c.tickets.get(t.ticket.as_str()).is_some_and(|t| t.granted && !t.standby)
    }

    fn lose_ticket(&mut self, rsc: ResourceIdx, t: &TicketConstraint) {
        let children = self.children(rsc);
        if !children.is_empty() {
            for child in children {
                self.lose_ticket(child, t);
            }
            return;
        }
        let lost = self.c[rsc].active.clone();
        let role_matches = t.role == Role::Unknown || t.role == self.c[rsc].role;
        if !self.c.tickets.get(t.ticket.as_str()).is_some_and(|t| t.granted) && !lost.is_empty() {
            match t.policy {
                LossPolicy::Stop => self.ban_all(rsc),
                LossPolicy::Demote => {
                    if t.role != Role::Promoted {
                        self.ban_all(rsc);
                    }
                }
                LossPolicy::Fence => {
                    if !role_matches {
                        return;
                    }
                    self.ban_all(rsc);
                    for node in lost {
                        self.require_fencing(node, "deadman ticket was lost");
                    }
                }
                LossPolicy::Freeze => {
                    if role_matches {
                        self.c[rsc].clear(Flags::MANAGED);
                        self.c[rsc].set(Flags::BLOCKED);
                    }
                }
            }
        } else if t.role != Role::Promoted || t.policy == LossPolicy::Stop {
            self.ban_all(rsc);
        }
    }

    pub fn ban_all(&mut self, rsc: ResourceIdx) {
        for n in 0..self.c.nodes.len() as u32 {
            add_location(&mut self.c, rsc, NodeIdx(n), -INFINITY);
        }
    }
}
