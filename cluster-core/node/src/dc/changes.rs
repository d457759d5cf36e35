//! Changes of the configuration: one at a time, ordered, on disk where it must be, then counted and
//! acknowledged.

use crate::membership::view::ViewId;
use crate::replica::config::{Held, Stamp};
use crate::replica::disk::SLOW_MS;
use crate::replica::entry::{Change, Entry};
use crate::requests::Origin;
use crate::{Cib, Node, NodeId};
use rhapsody_api::core::{ConfigVersion, CoreError, Response};
use rhapsody_cib::{Version, patch, time};
use std::collections::{BTreeSet, VecDeque};

/// Changes that may wait.
const QUEUE_MAX: usize = 1000;

#[derive(Default)]
pub(crate) struct Changes {
    queue: VecDeque<Wanted>,
    preparing: Option<Preparing>,
}

/// A change that somebody wants.
pub(crate) struct Wanted {
    /// `None`: the coordinator itself.
    pub origin: Option<Origin>,
    pub patch: String,
    /// `None`: whatever the configuration is.
    pub base: Option<ConfigVersion>,
    pub force: bool,
    pub user: Option<String>,
}

struct Preparing {
    stamp: Stamp,
    origin: Option<Origin>,
    stored: BTreeSet<NodeId>,
    refused: BTreeSet<NodeId>,
    since: u64,
    force: bool,
    /// Taken over by a view: it counts already, only the acknowledgement is missing.
    committed: bool,
}

impl Changes {
    pub fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.preparing.is_none()
    }

    pub fn deadline(&self) -> Option<u64> {
        self.preparing.as_ref().map(|p| p.since + SLOW_MS)
    }
}

impl Node {
    pub(crate) fn want_change(&mut self, wanted: Wanted) {
        let quorate = self.quorate();
        let ignore = self.replica.held.cib.property("no-quorum-policy") == Some("ignore");
        let origin = wanted.origin;
        let refusal = if !quorate && !ignore && !wanted.force {
            Some(CoreError::NoQuorum)
        } else if self.dc.as_ref().is_none_or(|dc| dc.changes.queue.len() >= QUEUE_MAX) {
            Some(CoreError::NotReady { text: "too many changes are waiting; try again".to_owned() })
        } else {
            None
        };
        if let Some(error) = refusal {
            if let Some(origin) = origin {
                self.answer(origin, Response::Error(error));
            }
            return;
        }
        if !quorate && wanted.force {
            self.event("config", "a change without quorum was forced", serde_json::json!({"forced": true}));
        }
        if let Some(dc) = &mut self.dc {
            dc.changes.queue.push_back(wanted);
        }
        self.next_change();
    }

    fn next_change(&mut self) {
        while let Some(dc) = &mut self.dc {
            if dc.changes.preparing.is_some() {
                return;
            }
            let Some(wanted) = dc.changes.queue.pop_front() else { return };
            if let Err(error) = self.prepare_change(&wanted) {
                if let Some(origin) = wanted.origin {
                    self.answer(origin, Response::Error(error));
                }
            }
        }
    }

    fn prepare_change(&mut self, wanted: &Wanted) -> Result<(), CoreError> {
        let held = &self.replica.held;
        let now = ConfigVersion { admin_epoch: held.stamp.admin_epoch, epoch: held.stamp.epoch };
        if wanted.base.is_some_and(|base| base != now) {
            return Err(CoreError::Stale { now });
        }
        let Some(view) = self.view().map(|v| v.id) else {
            return Err(CoreError::NotReady { text: "no view is installed; try again".to_owned() });
        };
        let mut cib = held.cib.clone();
        patch::apply(&mut cib, &wanted.patch).map_err(|e| CoreError::Invalid { text: e.to_string() })?;
        self.finish_cib(&mut cib, wanted.user.as_deref(), wanted.origin);
        let next = Held::new(cib, view, Some(&self.replica.held.lineage));
        let change = match patch::diff(&self.replica.held.cib, &next.cib) {
            Some(text) => Change::Patch(text),
            None => Change::Whole(next.cib.to_xml()),
        };
        let stamp = next.stamp.clone();
        // A patch that does not make the same thing again travels as the whole document.
        let change = match &change {
            Change::Patch(text) if !self.makes_same(text, &stamp) => Change::Whole(next.cib.to_xml()),
            _ => change,
        };
        self.replica.staged = Some(next);
        let since = self.now.mono_ms;
        let force = wanted.force || !self.quorate();
        if let Some(dc) = &mut self.dc {
            dc.changes.preparing = Some(Preparing {
                stamp: stamp.clone(),
                origin: wanted.origin,
                stored: BTreeSet::new(),
                refused: BTreeSet::new(),
                since,
                force,
                committed: false,
            });
        }
        self.order(Entry::Prepare { stamp, change });
        self.acknowledge_early();
        Ok(())
    }

    fn makes_same(&self, text: &str, stamp: &Stamp) -> bool {
        let mut cib = self.replica.held.cib.clone();
        if patch::apply(&mut cib, text).is_err() {
            return false;
        }
        cib.set_version(Version::new(stamp.admin_epoch, stamp.epoch, 0));
        crate::replica::config::digest(&cib) == stamp.digest
    }

    /// A new epoch, and who made it when.
    fn finish_cib(&mut self, cib: &mut Cib, user: Option<&str>, origin: Option<Origin>) {
        let before = &self.replica.held.stamp;
        let asked = cib.version();
        let epoch = if asked.admin_epoch > before.admin_epoch {
            asked.epoch
        } else {
            asked.epoch.max(before.epoch + 1)
        };
        cib.set_version(Version::new(asked.admin_epoch.max(before.admin_epoch), epoch, 0));
        let root = cib.root();
        cib.set_attr(root, "cib-last-written", &time::format_ctime(self.wall_s(), 0));
        let node = origin.map_or(self.me(), |o| o.node);
        cib.set_attr(root, "update-origin", &self.name(node));
        cib.set_attr(root, "update-client", "rhapsody");
        cib.set_attr(root, "update-user", user.unwrap_or("root"));
    }

    #[cfg(any(test, feature = "bugs"))]
    fn acknowledge_early(&mut self) {
        if !self.config.bugs.acknowledge_before_sync {
            return;
        }
        if let Some(p) = self.dc.as_mut().and_then(|dc| dc.changes.preparing.take()) {
            self.order(Entry::Commit { stamp: p.stamp.clone() });
            self.answer_change(p.origin, &p.stamp);
        }
    }

    #[cfg(not(any(test, feature = "bugs")))]
    fn acknowledge_early(&mut self) {}

    fn answer_change(&mut self, origin: Option<Origin>, stamp: &Stamp) {
        if let Some(origin) = origin {
            let version = ConfigVersion { admin_epoch: stamp.admin_epoch, epoch: stamp.epoch };
            self.answer(origin, Response::Applied { version });
        }
    }

    pub(crate) fn take_stored(&mut self, from: NodeId, view: ViewId, stamp: &Stamp, ok: bool) {
        let Some(current) = self.view() else { return };
        if current.id != view || !self.is_dc() {
            return;
        }
        let marked = current.cannot_persist.contains(&from);
        if marked == ok {
            self.order(Entry::Persisting { node: from, ok });
        }
        if let Some(p) = self.dc.as_mut().and_then(|dc| dc.changes.preparing.as_mut()) {
            if p.stamp == *stamp {
                if ok {
                    p.stored.insert(from)
                } else {
                    p.refused.insert(from)
                };
            }
        }
        self.judge_change();
    }

    /// Enough disks have it: it counts. Too many refuse: it never will.
    fn judge_change(&mut self) {
        let now = self.now.mono_ms;
        let Some(view) = self.view().cloned() else { return };
        let votes = crate::quorum::votes(&self.config);
        let sum = |nodes: &BTreeSet<NodeId>| -> u32 { nodes.iter().filter_map(|n| votes.get(n)).sum() };
        let Some(dc) = &mut self.dc else { return };
        let Some(p) = &mut dc.changes.preparing else { return };
        let late = now >= p.since + SLOW_MS;
        // Disks that are still worth waiting for.
        let awaited: BTreeSet<NodeId> = view
            .ids()
            .into_iter()
            .filter(|n| !p.stored.contains(n) && !p.refused.contains(n) && !view.cannot_persist.contains(n))
            .collect();
        let majority = view.quorum.expected / 2 + 1;
        let present = sum(&view.ids());
        // A quorum of votes; where quorum is a single vote of two, both as long as both can.
        let wanted = majority.max(view.quorum.quorum).min(present);
        let mine = p.stored.contains(&view.dc);
        let enough = sum(&p.stored) >= wanted && mine;
        let all_that_can = awaited.is_empty() || late;
        let least = if p.force { 1 } else { view.quorum.quorum };
        // A coordinator whose own disk refuses takes the change back before it hands over.
        let hopeless = p.refused.contains(&view.dc);
        if enough || (all_that_can && mine && sum(&p.stored) >= least) {
            let Some(p) = dc.changes.preparing.take() else { return };
            for node in awaited.iter().filter(|_| late) {
                self.order(Entry::Persisting { node: *node, ok: false });
            }
            if !p.committed {
                self.order(Entry::Commit { stamp: p.stamp.clone() });
            }
            self.answer_change(p.origin, &p.stamp);
            // The next change is made from the committed one: apply first.
            while let Some((number, entry)) = self.todo.pop_front() {
                self.apply(number, entry);
            }
            self.next_change();
        } else if all_that_can || hopeless {
            let Some(p) = dc.changes.preparing.take() else { return };
            let refused: Vec<String> =
                view.ids().iter().filter(|n| !p.stored.contains(n)).map(|n| self.name(*n)).collect();
            if !p.committed {
                self.order(Entry::Withdraw { stamp: p.stamp.clone() });
            }
            let where_not = format!("not on disk on {}; look at their disks", refused.join(", "));
            // A view that took the change over put it in force; it cannot be taken back from there.
            let error = if p.committed {
                CoreError::NotReady { text: format!("the change is in force, but {where_not}") }
            } else {
                CoreError::NotDurable { text: format!("the change is {where_not}") }
            };
            if let Some(origin) = p.origin {
                self.answer(origin, Response::Error(error));
            }
            while let Some((number, entry)) = self.todo.pop_front() {
                self.apply(number, entry);
            }
            self.next_change();
        }
    }

    pub(crate) fn tick_changes(&mut self) {
        let now = self.now.mono_ms;
        let due = self.dc.as_ref().and_then(|dc| dc.changes.deadline()).is_some_and(|at| now >= at);
        if due {
            self.judge_change();
        }
        self.next_change();
    }

    /// What was being prepared in an earlier view: the view took it over, or it is lost.
    pub(crate) fn changes_view_began(&mut self) {
        let held = self.replica.held.stamp.clone();
        let now = self.now.mono_ms;
        let quorate = self.quorate();
        let Some(dc) = &mut self.dc else { return };
        if let Some(mut p) = dc.changes.preparing.take() {
            if p.stamp == held && (quorate || p.force) {
                p.committed = true;
                p.stored.clear();
                p.refused.clear();
                p.since = now;
                dc.changes.preparing = Some(p);
            } else if let Some(origin) = p.origin {
                let text = "the view changed while the change was made; look whether it is there".to_owned();
                self.answer(origin, Response::Error(CoreError::NotReady { text }));
            }
        }
    }
}
