//! One configuration at a time to the disk, and what its slowness means.

use super::config::{Held, Stamp};
use crate::wire::Message;
use crate::{Node, Output, Start};
use serde_json::json;

/// A disk that takes longer does not take changes: it is waited for by nobody.
pub const SLOW_MS: u64 = 2000;
/// A disk that refused is tried again after this.
const RETRY_MS: u64 = 5000;

#[derive(Default)]
pub(crate) struct Disk {
    /// What is known to be on disk.
    pub stored: Option<Stamp>,
    writing: Option<Writing>,
    next_seq: u64,
    /// It refuses, or it is slow.
    pub broken: bool,
    retry_at: Option<u64>,
}

struct Writing {
    seq: u64,
    stamp: Stamp,
    since: u64,
}

impl Node {
    pub(crate) fn load(&mut self, start: &Start) {
        let Some(document) = &start.document else { return };
        match Held::load(document) {
            Ok(held) => {
                self.membership.promised = held.stamp.made_in;
                self.replica.disk.stored = Some(held.stamp.clone());
                self.replica.held = held;
            }
            Err(text) => {
                self.event("config", format!("the stored configuration is unreadable: {text}"), json!({}));
            }
        }
    }

    /// Puts the newest configuration on disk, unless it is there or on its way.
    pub(crate) fn persist_newest(&mut self) {
        let stamp = self.newest().stamp.clone();
        let on_its_way = self.replica.disk.writing.as_ref().is_some_and(|w| w.stamp == stamp);
        if self.replica.disk.stored.as_ref() == Some(&stamp) || on_its_way {
            return;
        }
        let document = self.newest().document();
        let disk = &mut self.replica.disk;
        disk.next_seq += 1;
        let seq = disk.next_seq;
        let since = disk.writing.as_ref().map_or(self.now.mono_ms, |w| w.since);
        disk.writing = Some(Writing { seq, stamp, since });
        disk.retry_at = None;
        self.put(Output::Persist { seq, document });
    }

    pub(crate) fn take_persisted(&mut self, seq: u64, result: Result<(), String>) {
        let disk = &mut self.replica.disk;
        let Some(writing) = disk.writing.take_if(|w| w.seq == seq) else { return };
        let stamp = writing.stamp;
        match result {
            Ok(()) => {
                disk.stored = Some(stamp.clone());
                let healed = std::mem::replace(&mut disk.broken, false);
                if healed {
                    self.event("disk", "the disk takes changes again", json!({"ok": true}));
                }
                self.tell_stored(stamp, true);
                // It may have been withdrawn while it was on its way.
                self.persist_newest();
            }
            Err(text) => {
                disk.retry_at = Some(self.now.mono_ms + RETRY_MS);
                let first = !std::mem::replace(&mut disk.broken, true);
                if first {
                    self.event(
                        "disk",
                        format!("the configuration cannot be stored: {text}"),
                        json!({"ok": false}),
                    );
                }
                self.tell_stored(stamp, false);
            }
        }
        self.disk_changed();
    }

    fn tell_stored(&mut self, stamp: Stamp, ok: bool) {
        let Some(view) = self.view() else { return };
        let (id, dc) = (view.id, view.dc);
        if dc == self.me() {
            self.take_stored(dc, id, &stamp, ok);
        } else {
            self.send(dc, &Message::Stored { view: id, stamp, ok });
        }
    }

    /// A coordinator that cannot persist hands over where another member can.
    fn disk_changed(&mut self) {
        let Some(view) = self.view() else { return };
        let other = view.members.keys().any(|id| *id != self.me() && !view.cannot_persist.contains(id));
        if self.replica.disk.broken && view.dc == self.me() && other {
            self.break_view("the coordinator cannot store changes".to_owned());
        }
    }

    pub(crate) fn tick_disk(&mut self) {
        let now = self.now.mono_ms;
        let disk = &mut self.replica.disk;
        let slow = disk.writing.as_ref().is_some_and(|w| now >= w.since + SLOW_MS);
        if slow && !disk.broken {
            disk.broken = true;
            self.event("disk", format!("the disk did not answer for {SLOW_MS} ms"), json!({"ok": false}));
            self.disk_changed();
        }
        if self.replica.disk.retry_at.is_some_and(|at| now >= at) {
            self.replica.disk.retry_at = None;
            self.persist_newest();
        }
    }

    pub(crate) fn disk_deadline(&self) -> Option<u64> {
        let disk = &self.replica.disk;
        let slow = disk.writing.as_ref().filter(|_| !disk.broken).map(|w| w.since + SLOW_MS);
        [slow, disk.retry_at].into_iter().flatten().min()
    }
}
