//! `node_state`: which nodes are members, online, pending, unclean.

use super::{Reader, values};
use crate::model::{INFINITY, NoQuorum, NodeIdx};
use rhapsody_xml::Element;

/// What a `node_state` says about membership. Times are 0 where only yes or no is known.
struct Seen {
    member: bool,
    member_since: i64,
    ever_member: bool,
    online: bool,
    join: String,
    expected: String,
    terminate: bool,
}

impl Reader<'_> {
    pub(super) fn node_state(&mut self, e: Element) {
        let doc = self.env.doc;
        let id = doc.attr(e, "id").unwrap_or("");
        let Some(uname) = doc.attr(e, "uname").or_else(|| self.name_of_id(id)) else { return };
        let uname = uname.to_owned();
        let Some(node) = self.c.node_by_id_or_name(id, &uname) else {
            return;
        };
        if let Some(attributes) = doc.child(e, "transient_attributes") {
            self.node_attributes(node, attributes, true);
        }
        if self.c[node].is_remote() {
            self.remote_state(node, e);
            return;
        }
        self.c[node].unclean = false;
        self.c[node].unseen = false;
        if doc.attr(doc.root(), "dc-uuid") == Some(self.c[node].id.as_str()) && !self.c[node].id.is_empty() {
            self.c[node].is_dc = true;
            self.c[node].attributes.insert("#is_dc".into(), "true".into());
            self.c.dc = Some(node);
        }
        let n = &mut self.c[node];
        let on = |name: &str, n: &crate::model::Node| values::is_true(n.attr(name));
        n.standby = on("standby", n);
        n.maintenance = on("maintenance", n);
        self.online_status(node, e);
    }

    fn name_of_id(&self, id: &str) -> Option<&str> {
        self.c.nodes.iter().find(|n| n.id == id).map(|n| n.name.as_str())
    }

    fn remote_state(&mut self, node: NodeIdx, e: Element) {
        let doc = self.env.doc;
        let fenced = doc.attr(e, "node_fenced").and_then(values::leading_integer).unwrap_or(0);
        self.c[node].unclean = false;
        self.c[node].unseen = false;
        self.c[node].was_fenced = fenced > 0;
        // Known before its history is read: what is active there is left alone.
        self.c[node].maintenance = values::is_true(self.c[node].attr("maintenance"));
        self.c[node].remote_maintenance = values::is_true(doc.attr(e, "node_in_maintenance"));
    }

    fn online_status(&mut self, node: NodeIdx, e: Element) {
        let seen = self.seen(node, e);
        let shutdown = self.c[node].attr("shutdown").is_some_and(|v| v != "0" && !v.is_empty());
        self.c[node].shutdown = shutdown;
        self.c[node].expected_up = seen.expected == "member";
        let online = if self.c.options.fencing {
            self.with_fencing(node, &seen)
        } else {
            self.without_fencing(node, &seen)
        };
        let n = &mut self.c[node];
        n.online = online;
        if !online || shutdown {
            n.score = -INFINITY;
        }
        if online && !self.c.quorate && self.c.options.no_quorum == NoQuorum::Fence {
            self.fence(node, "cluster does not have quorum", false);
        }
    }

    fn seen(&self, node: NodeIdx, e: Element) -> Seen {
        let doc = self.env.doc;
        let in_ccm = doc.attr(e, "in_ccm");
        let crmd = doc.attr(e, "crmd");
        let as_time = |text: Option<&str>| match text {
            None => (false, 0),
            Some(t) => {
                match values::boolean(t).filter(|_| values::leading_integer(t).is_none_or(|n| n < 2)) {
                    Some(yes) => (yes, if yes { 1 } else { 0 }),
                    None => {
                        let since = values::leading_integer(t).unwrap_or(0);
                        (since > 0, since.max(0))
                    }
                }
            }
        };
        let (member, member_since) = as_time(in_ccm);
        let online = match crmd {
            Some(t) if t.eq_ignore_ascii_case("online") => true,
            Some(t) if t.eq_ignore_ascii_case("offline") => false,
            other => as_time(other).0,
        };
        let text = |name: &str| doc.attr(e, name).unwrap_or("").to_ascii_lowercase();
        let (join, expected) = (text("join"), text("expected"));
        let terminate = match self.c[node].attr("terminate") {
            Some(t) => {
                values::boolean(t).unwrap_or_else(|| values::leading_integer(t).is_some_and(|n| n > 0))
            }
            None => false,
        };
        Seen {
            member,
            member_since,
            ever_member: in_ccm.is_some(),
            online,
            join: if join.is_empty() { "down".into() } else { join },
            expected,
            terminate,
        }
    }

    fn without_fencing(&mut self, node: NodeIdx, seen: &Seen) -> bool {
        if !seen.member {
            return false;
        }
        if seen.online {
            return seen.join == "member";
        }
        if self.c[node].expected_up {
            self.fence(node, "peer is unexpectedly down", false);
        }
        false
    }

    /// The first rule that matches says whether the node must be fenced.
    fn with_fencing(&mut self, node: NodeIdx, seen: &Seen) -> bool {
        let timeout = self.c.options.node_pending_timeout_ms as i64 / 1000;
        let pending = |reader: &mut Self| {
            reader.c[node].standby = true;
            reader.c[node].pending = true;
        };
        if self.c[node].shutdown {
            return seen.online;
        }
        let down = !seen.member && !seen.online && seen.join == "down";
        if !seen.ever_member {
            self.fence(node, "peer has not been seen by the cluster", false);
        } else if matches!(seen.join.as_str(), "nack" | "banned") {
            self.fence(node, "peer failed Pacemaker membership criteria", false);
        } else if seen.terminate && !(down && seen.expected != "member") {
            self.fence(node, "fencing was requested", false);
        } else if seen.expected == "down" || seen.expected.is_empty() {
            let overdue =
                timeout > 0 && seen.member && !seen.online && self.c.now - seen.member_since >= timeout;
            if overdue {
                self.fence(node, "peer pending timed out on joining the process group", false);
            } else if seen.member || seen.online {
                if timeout > 0 && seen.member && !seen.online {
                    self.c.recheck(seen.member_since + timeout);
                }
                pending(self);
            }
        } else if !seen.member {
            self.fence(node, "peer is no longer part of the cluster", true);
        } else if !seen.online {
            self.fence(node, "peer process is no longer available", false);
        } else if seen.join == "member" {
        } else if seen.join == "pending" || seen.join == "down" {
            pending(self);
        } else {
            self.fence(node, "peer was in an unknown state", false);
        }
        seen.member
    }

    /// Remote and guest nodes are what their connection is.
    pub(super) fn remote_online(&mut self, node: NodeIdx) {
        use crate::model::Role;
        let Some(rsc) = self.c[node].connection else {
            self.c[node].online = false;
            return;
        };
        let container = self.c[rsc].container;
        let host = match container {
            Some(k) if self.c[k].active.len() == 1 => self.c[k].active.first().copied(),
            _ => None,
        };
        let r = &self.c[rsc];
        // start -> stop is a shutdown
        if r.role == Role::Started && r.next_role == Role::Stopped {
            self.c[node].shutdown = true;
        }
        let r = &self.c[rsc];
        let (mut online, mut shutdown, mut reset) = (None, None, None);
        if r.role == Role::Started {
            online = Some(true);
        }
        if r.role == Role::Started && r.next_role == Role::Stopped {
            shutdown = Some(true);
        }
        let container_failed = container.is_some_and(|k| self.c[k].is_failed());
        if container_failed {
            online = Some(false);
            reset = Some(true);
        } else if r.is_failed() {
            online = Some(false);
        } else if r.role == Role::Stopped || container.is_some_and(|k| self.c[k].role == Role::Stopped) {
            online = Some(false);
            reset = Some(false);
        } else if let Some(h) = host
            && !self.c[h].online
            && self.c[h].unclean
        {
            online = Some(false);
            reset = Some(true);
        }
        let n = &mut self.c[node];
        n.online = online.unwrap_or(n.online);
        n.shutdown = shutdown.unwrap_or(n.shutdown);
        n.requires_reset = reset.unwrap_or(n.requires_reset);
    }
}
