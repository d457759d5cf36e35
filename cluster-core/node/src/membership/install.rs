//! What a member brings into a view, what the proposer makes of it, and how a view begins.

use super::view::{View, ViewId};
use super::{Members, Phase};
use crate::replica::config::{Held, Stamp};
use crate::replica::merge;
use crate::wire::{FlushState, Install, Message};
use crate::{Node, NodeId, Output, quorum};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

impl Node {
    /// What this node has.
    pub(crate) fn newest(&self) -> &Held {
        self.replica.staged.as_ref().unwrap_or(&self.replica.held)
    }

    /// What this node brings into a view. A change that is only prepared counts once it is on this
    /// disk: then it may have been acknowledged. Before that nobody here can have helped it.
    pub(crate) fn brings(&self) -> &Held {
        let stored = self.replica.disk.stored.as_ref();
        self.replica.staged.as_ref().filter(|s| stored == Some(&s.stamp)).unwrap_or(&self.replica.held)
    }

    /// `known`: the configuration that the receiver has already.
    pub(crate) fn flush_state(&self, known: Option<&Stamp>) -> FlushState {
        let newest = self.brings();
        let view = self.membership.view.as_ref();
        FlushState {
            last_view: view.map(|v| v.id).unwrap_or_default(),
            was_quorate: view.is_some_and(|v| v.quorum.quorate) && !self.membership.quorum_lost,
            was_dc: view.is_some_and(|v| v.dc == self.me()),
            waited: self.quorum.waited,
            expected: self.quorum.expected,
            ordered: self.quorum.ordered,
            last_quorate: self.quorum.last_quorate.iter().copied().collect(),
            cannot_persist: self.replica.disk.broken,
            stamp: newest.stamp.clone(),
            lineage: newest.lineage.clone(),
            xml: known.is_none_or(|k| *k != newest.stamp).then(|| newest.cib.to_xml()),
            part: self.local.part.clone(),
            others: self.replica.status.clone(),
            shutting_down: self.local.part.attributes.contains_key("shutdown"),
        }
    }

    pub(crate) fn try_install(&mut self) {
        let Phase::Proposing { view, members, states, .. } = &self.membership.phase else { return };
        if members.keys().any(|id| !states.contains_key(id)) {
            return;
        }
        let (view, members, states) = (*view, members.clone(), states.clone());
        let won = match merge::configuration(view, self.brings(), &states) {
            Ok(won) => won,
            Err(text) => {
                self.event("view", format!("view {view} failed: {text}"), json!({}));
                self.membership.phase = Phase::Out;
                return;
            }
        };
        let mut install = self.compose(view, &members, &states);
        install.stamp = won.held.stamp.clone();
        install.lineage = won.held.lineage.clone();
        install.losers = won.losers;
        let xml = won.held.cib.to_xml();
        let me = self.me();
        for (id, state) in &states {
            let has = state.stamp == install.stamp;
            install.xml = (!has).then(|| xml.clone());
            if *id == me {
                continue;
            }
            self.send(*id, &Message::Install(Box::new(install.clone())));
        }
        install.xml = None;
        self.begin_view(install, Some(won.held));
    }

    fn compose(&self, view: ViewId, members: &Members, states: &BTreeMap<NodeId, FlushState>) -> Install {
        let ids: BTreeSet<NodeId> = members.keys().copied().collect();
        let mut memory = self.quorum.clone();
        memory.waited = states.values().any(|s| s.waited);
        memory.expected = states.values().map(|s| s.expected).max().unwrap_or(0);
        // Of different orders the later view's counts.
        memory.ordered = states.values().max_by_key(|s| s.last_view).map_or(0, |s| s.ordered);
        // The tie breaker is judged by what the latest quorate view was.
        let latest = states.values().filter(|s| !s.last_quorate.is_empty()).max_by_key(|s| s.last_view);
        memory.last_quorate = latest.map(|s| s.last_quorate.iter().copied().collect()).unwrap_or_default();
        let verdict = quorum::judge(&self.config, &memory, &ids);
        let mut status = merge::status(view, states);
        status.parts.retain(|id, _| self.config.peer(*id).is_some());
        let cannot_persist: BTreeSet<NodeId> =
            states.iter().filter(|(_, s)| s.cannot_persist).map(|(id, _)| *id).collect();
        Install {
            view: View {
                id: view,
                members: members.clone(),
                dc: choose_dc(states),
                quorum: verdict,
                layout: self.config.layout.version,
                cannot_persist,
            },
            stamp: Stamp::default(),
            lineage: Default::default(),
            xml: None,
            status,
            losers: Vec::new(),
            expected: memory.expected,
            ordered: memory.ordered,
            others_waited: memory.waited,
            last_quorate: memory.last_quorate.iter().copied().collect(),
            updates: self.replica.updates + 1,
        }
    }

    pub(crate) fn take_install(&mut self, from: NodeId, install: Install) {
        let expected = install.view.layout == self.config.layout.version;
        let expected = expected
            && match &self.membership.phase {
                Phase::Flushed { view, proposer, .. } => *view == install.view.id && *proposer == from,
                _ => false,
            };
        if expected || self.installs_old(&install) {
            self.begin_view(install, None);
        }
    }

    fn installs_old(&self, _install: &Install) -> bool {
        #[cfg(any(test, feature = "bugs"))]
        if self.config.bugs.accept_old_view {
            return _install.view.members.get(&self.me()) == Some(&self.config.incarnation);
        }
        false
    }

    fn begin_view(&mut self, install: Install, held: Option<Held>) {
        let now = self.now.mono_ms;
        let me = self.me();
        let view = install.view;
        if !self.adopt_configuration(&install.stamp, install.lineage, install.xml, held, &install.losers) {
            self.membership.phase = Phase::Out;
            return;
        }
        let was = self.membership.view.replace(view.clone());
        let m = &mut self.membership;
        m.phase = Phase::Installed;
        m.promised = m.promised.max(view.id);
        m.next_number = 1;
        m.broken = None;
        m.quorum_lost = false;
        m.needed_since = None;
        m.attempts = 0;
        m.installed_at = now;
        self.counters.views_installed += 1;

        self.quorum.expected = install.expected;
        self.quorum.ordered = install.ordered;
        self.quorum.last_quorate = install.last_quorate.into_iter().collect();
        self.quorum = quorum::remember(&self.quorum, &view.quorum, &view.ids(), install.others_waited);
        self.replica.status = install.status;
        // The view may know of shutdown locks from before this life.
        if let Some(known) = self.replica.status.parts.get(&me) {
            self.local.part.inherit_locks(known);
        }
        self.replica.updates = install.updates;
        self.target_changes();
        self.remember_boot();
        self.announce_view(was.as_ref(), &view);
        self.local_view_began();

        let early = std::mem::take(&mut self.membership.early);
        for (from, id, number, entry) in early {
            if id == view.id {
                self.take_ordered(from, id, number, entry);
            }
        }
        if view.dc == me {
            self.dc_begin();
        } else {
            self.dc = None;
        }
        self.resend_own_part();
        self.clients_view_began();
        self.layouts_view_began();
        for id in view.members.keys().filter(|id| **id != me) {
            self.membership.suspected.remove(id);
        }
    }

    fn announce_view(&mut self, was: Option<&View>, view: &View) {
        let names: Vec<String> = view.members.keys().map(|id| self.name(*id)).collect();
        let dc = self.name(view.dc);
        self.event(
            "view_installed",
            format!("view {}: {}", view.id, names.join(", ")),
            json!({"view": view.id.to_string(), "members": names, "dc": dc}),
        );
        if was.is_none_or(|w| w.quorum.quorate != view.quorum.quorate) {
            let text = if view.quorum.quorate { "quorum" } else { "no quorum" };
            let q = &view.quorum;
            self.event("quorum", text, json!({"quorate": q.quorate, "votes": q.total, "needed": q.quorum}));
        }
        if was.is_none_or(|w| w.dc != view.dc) {
            self.event("dc", format!("{dc} coordinates"), json!({"node": dc}));
        }
    }

    /// Takes the view's configuration over; false if it cannot be read.
    fn adopt_configuration(
        &mut self,
        stamp: &Stamp,
        lineage: crate::replica::config::Lineage,
        xml: Option<String>,
        held: Option<Held>,
        losers: &[(NodeId, Stamp)],
    ) -> bool {
        let mine = self.brings().stamp.clone();
        if losers.iter().any(|(id, _)| *id == self.me()) {
            let document = self.brings().document();
            let origin = format!("{} before view {}", self.name(self.me()), self.membership.promised);
            self.put(Output::KeepLoser { origin, document });
        }
        for (id, loser) in losers {
            let text = format!(
                "the configuration {}.{} of {} lost against {}.{}; it is kept on its disk",
                loser.admin_epoch,
                loser.epoch,
                self.name(*id),
                stamp.admin_epoch,
                stamp.epoch
            );
            let fields = json!({"node": self.name(*id), "epoch": loser.epoch, "digest": loser.digest});
            self.event("config_conflict", text, fields);
        }
        let next = if mine == *stamp {
            self.replica.staged.take().filter(|s| s.stamp == *stamp)
        } else if let Some(held) = held {
            Some(held)
        } else {
            let Some(xml) = xml else { return false };
            match crate::Cib::parse(&xml) {
                Ok(cib) => {
                    let mut held = Held::new(cib, stamp.made_in, Some(&lineage));
                    held.stamp = stamp.clone();
                    Some(held)
                }
                Err(e) => {
                    self.event("config", format!("the view's configuration is unreadable: {e}"), json!({}));
                    return false;
                }
            }
        };
        self.replica.staged = None;
        if let Some(next) = next {
            self.replica.held = next;
        }
        self.persist_newest();
        true
    }
}

/// The incumbent while it is a member; of two the one that was quorate, then the later view. A
/// node that cannot persist or is leaving only if there is no other.
fn choose_dc(states: &BTreeMap<NodeId, FlushState>) -> NodeId {
    let rank = |(id, s): &(&NodeId, &FlushState)| {
        let incumbent = s.was_dc;
        (
            s.cannot_persist,
            s.shutting_down && !incumbent,
            !incumbent,
            !s.was_quorate,
            std::cmp::Reverse(if incumbent { s.last_view } else { ViewId::default() }),
            **id,
        )
    };
    states.iter().min_by_key(rank).map_or(0, |(id, _)| *id)
}
