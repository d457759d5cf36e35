//! A changed corosync.conf while the cluster runs.
//!
//! It is ordered in the view like everything else, so that all members take it at the same point;
//! then a new view is formed, whose quorum is counted by it. A view has one layout: whoever has
//! another does not promise. A node that missed the change shows it with its beats and is sent the
//! newest by whoever hears it; nobody goes back to an older one.

use super::Phase;
use crate::channel::Channel;
use crate::config::Layout;
use crate::replica::entry::Entry;
use crate::wire::Message;
use crate::{Node, NodeId, Output};
use rhapsody_api::core::{CoreError, Response};
use serde_json::json;
use std::collections::BTreeMap;

/// A client hears of its file at the latest after this.
const PATIENCE_MS: u64 = 30_000;
/// A peer that shows an older one is sent ours this often.
const TELL_AGAIN_MS: u64 = 500;

#[derive(Default)]
pub(crate) struct Layouts {
    /// Clients that wait for their file to be in force.
    asked: BTreeMap<u64, Asked>,
    told: BTreeMap<NodeId, (u64, u64)>,
}

struct Asked {
    layout: Layout,
    deadline: u64,
}

impl Layouts {
    pub fn deadline(&self) -> Option<u64> {
        self.asked.values().map(|asked| asked.deadline).min()
    }
}

impl Node {
    /// The shell has read the file of this node for a client.
    pub(crate) fn take_reload(&mut self, id: u64, layout: Layout) {
        let held = self.config.layout.version;
        let newer = layout.version > held;
        let refusal = if self.view().is_none() {
            Some(CoreError::NotReady { text: "no view is installed; try again".to_owned() })
        } else if !newer && layout.text != self.config.layout.text {
            let text = format!(
                "corosync.conf was changed, but its config_version {} is not greater than the {held} in force; \
                 'rhapsody cluster sync corosync' makes it the newest and sends it to all nodes",
                layout.version
            );
            Some(CoreError::Refused { text })
        } else {
            None
        };
        match refusal {
            Some(error) => self.put(Output::Reply { id, response: Response::Error(error) }),
            None if !newer => self.put(Output::Reply { id, response: Response::Done }),
            None => self.ask_for_layout(id, layout),
        }
    }

    /// A node that was just stopped is a member for a moment yet: its end is awaited, so long as it
    /// may take to miss it.
    fn ask_for_layout(&mut self, id: u64, layout: Layout) {
        let stays = self.left_out(&layout).is_some();
        let patience = if stays { 2 * self.config.layout.token_ms } else { PATIENCE_MS };
        let deadline = self.now.mono_ms + patience;
        self.layouts.asked.insert(id, Asked { layout: layout.clone(), deadline });
        if !stays {
            self.submit(Entry::Layout(Box::new(layout)));
        }
    }

    /// A member of the view that a layout does not list.
    fn left_out(&self, layout: &Layout) -> Option<String> {
        let view = self.view()?;
        let lost = view.members.keys().find(|id| layout.nodes.iter().all(|peer| peer.id != **id))?;
        Some(self.name(*lost))
    }

    /// Ordered in the view: all members do the same.
    pub(crate) fn apply_layout(&mut self, layout: &Layout) {
        if let Some(name) = self.left_out(layout) {
            let text = format!("corosync.conf without {name}, which runs, is not taken");
            self.event("corosync_conf", text, json!({"version": layout.version, "taken": false}));
            return;
        }
        self.adopt_layout(layout);
    }

    /// From a peer that saw that ours is older.
    pub(crate) fn take_layout(&mut self, layout: &Layout) {
        if layout.nodes.iter().any(|peer| peer.id == self.me()) {
            self.adopt_layout(layout);
        }
    }

    fn adopt_layout(&mut self, layout: &Layout) {
        if layout.version <= self.config.layout.version {
            return;
        }
        self.config.layout = layout.clone();
        // What was said of votes by hand was about the old file.
        self.quorum.ordered = 0;
        let listed = |id: &NodeId| layout.nodes.iter().any(|peer| peer.id == *id);
        self.names = layout.nodes.iter().map(|peer| (peer.id, peer.name.clone())).collect();
        self.replica.status.parts.retain(|id, _| listed(id));
        let (me, incarnation) = (self.me(), self.config.incarnation);
        self.channels.retain(|id, _| listed(id));
        for peer in layout.nodes.iter().filter(|peer| peer.id != me) {
            self.channels.entry(peer.id).or_insert_with(|| Channel::new(incarnation));
        }
        self.target_changes();
        self.break_view("corosync.conf was changed".to_owned());
        if !matches!(self.membership.phase, Phase::Installed) {
            // The view that is being made counts by the old one.
            self.membership.phase = Phase::Out;
        }
        let text = format!("corosync.conf of version {} is taken", layout.version);
        self.event("corosync_conf", text, json!({"version": layout.version, "taken": true}));
        self.put(Output::Layout(Box::new(layout.clone())));
    }

    /// The version that a node shows with its beats.
    pub(crate) fn layout_of(&self, id: NodeId) -> u64 {
        if id == self.me() {
            return self.config.layout.version;
        }
        self.net.rows.get(&id).map_or(0, |row| row.beacon.layout)
    }

    pub(crate) fn tick_layouts(&mut self) {
        let (now, held) = (self.now.mono_ms, self.config.layout.version);
        let due = |node: &Node, id: &NodeId| {
            let told = node.layouts.told.get(id);
            node.layout_of(*id) < held
                && told.is_none_or(|(version, at)| *version < held || now >= at + TELL_AGAIN_MS)
        };
        let older: Vec<NodeId> = self.heard().into_iter().filter(|id| due(self, id)).collect();
        for id in older {
            self.layouts.told.insert(id, (held, now));
            let layout = Box::new(self.config.layout.clone());
            self.send(id, &Message::Layout(layout));
        }
        let late: Vec<u64> =
            self.layouts.asked.iter().filter(|(_, asked)| now >= asked.deadline).map(|(id, _)| *id).collect();
        for id in late {
            let Some(asked) = self.layouts.asked.remove(&id) else { continue };
            let error = self.left_out(&asked.layout).map_or(CoreError::Timeout, |name| {
                let text = format!("{name} is not in the new corosync.conf, but runs; stop it there first");
                CoreError::Refused { text }
            });
            self.put(Output::Reply { id, response: Response::Error(error) });
        }
    }

    /// A view counts by the file that clients wait for, or has to be asked for it once more.
    pub(crate) fn layouts_view_began(&mut self) {
        let held = self.config.layout.version;
        for (id, asked) in std::mem::take(&mut self.layouts.asked) {
            if asked.layout.version <= held {
                self.put(Output::Reply { id, response: Response::Done });
            } else {
                self.ask_for_layout(id, asked.layout);
            }
        }
    }
}
