//! `cleanup` and `refresh`: failures, or everything, are forgotten, and the state is looked at again.

use crate::replica::entry::Entry;
use crate::requests::Origin;
use crate::{Cib, Node};
use rhapsody_api::core::{CoreError, Response};
use rhapsody_cib::Element;
use std::collections::BTreeSet;

/// What is to be forgotten.
pub(crate) struct Clean {
    /// Of all without it.
    pub resource: Option<String>,
    /// Only what is named, and not the group or clone that it is a part of.
    pub strict: bool,
    pub node: Option<String>,
    /// As in the name of a fail count: `monitor_10000`.
    pub operation: Option<String>,
    /// Also what did not fail.
    pub all: bool,
}

impl Node {
    pub(crate) fn clean(&mut self, origin: Origin, wanted: Clean) {
        let only = match &wanted.node {
            Some(name) => match self.config.id_of(name) {
                Some(id) => Some(id),
                None => {
                    self.answer(origin, Response::Error(CoreError::UnknownNode { node: name.clone() }));
                    return;
                }
            },
            None => None,
        };
        let meant = wanted.resource.as_ref().map(|name| {
            Meant::of(&self.replica.held.cib, name, wanted.strict).unwrap_or_else(|| Meant::removed(name))
        });
        let takes = |rsc: &str| meant.as_ref().is_none_or(|meant| meant.takes(rsc));
        let parts = &self.replica.status.parts;
        if let (Some(meant), Some(name)) = (&meant, &wanted.resource)
            && !meant.configured
            && !parts.values().flat_map(|part| part.resources.keys()).any(|rsc| meant.takes(rsc))
        {
            let resource = name.clone();
            self.answer(origin, Response::Error(CoreError::UnknownResource { resource }));
            return;
        }
        let operation = wanted.operation.as_deref();
        let mut forget = Vec::new();
        for (id, part) in parts.iter().filter(|(id, _)| only.is_none_or(|o| o == **id)) {
            for (rsc, history) in part.resources.iter().filter(|(rsc, _)| takes(rsc)) {
                let failed = history.ops.iter().any(|(slot, op)| {
                    let this = operation.is_none_or(|o| o == format!("{}_{}", op.task, op.interval_ms));
                    this && (slot == "last_failure_0" || (op.rc != op.target_rc() && !op.is_pending()))
                }) || part.attributes.keys().any(|name| {
                    let rest = name.strip_prefix("fail-count-").and_then(|r| r.rsplit_once('#'));
                    rest.is_some_and(|(r, op)| base(r) == base(rsc) && operation.is_none_or(|o| o == op))
                });
                if wanted.all || failed {
                    forget.push((*id, rsc.clone()));
                }
            }
        }
        // Fail counts may bear the name without the number of the instance.
        let one = meant.is_some_and(|meant| !meant.instances.is_empty());
        for (node, rsc) in forget {
            self.clear_failures(node, if one { &rsc } else { base(&rsc) }, operation);
            self.order(Entry::Forget { node, resource: rsc, slot: None, transition_key: None });
        }
        self.answer(origin, Response::Done);
    }
}

/// Without the number of an instance.
fn base(id: &str) -> &str {
    id.split_once(':').map_or(id, |(base, _)| base)
}

/// The histories that the name of a resource stands for.
#[derive(Debug, Default)]
struct Meant {
    /// Primitives, with all their instances.
    primitives: BTreeSet<String>,
    /// Single instances.
    instances: BTreeSet<String>,
    /// Bundles, with their containers, addresses and connections.
    bundles: BTreeSet<String>,
    configured: bool,
}

impl Meant {
    /// A part of a group, and one instance of a clone or bundle, stand for the whole, unless it is
    /// `strict`ly the part. None when nothing of that name is configured.
    fn of(cib: &Cib, name: &str, strict: bool) -> Option<Meant> {
        let section = cib.resources()?;
        let is_resource =
            |e: Element| matches!(cib.name(e), "primitive" | "group" | "clone" | "master" | "bundle");
        let find =
            |id: &str| cib.descendants(section).find(|e| is_resource(*e) && cib.attr(*e, "id") == Some(id));
        let (mut top, number) = match name.split_once(':') {
            Some((id, number)) if find(name).is_none() => (find(id)?, Some(number)),
            _ => (find(name)?, None),
        };
        if !strict {
            while let Some(parent) = cib.parent(top).filter(|parent| is_resource(*parent)) {
                top = parent;
            }
        }
        let ids = |kind: &str| -> BTreeSet<String> {
            let named = cib.descendants(top).filter(|e| cib.name(*e) == kind);
            named.filter_map(|e| cib.attr(e, "id")).map(str::to_owned).collect()
        };
        let mut meant = Meant {
            primitives: ids("primitive"),
            bundles: ids("bundle"),
            configured: true,
            ..Meant::default()
        };
        if let Some(number) = number.filter(|_| strict) {
            let primitives = std::mem::take(&mut meant.primitives);
            meant.instances = primitives.into_iter().map(|id| format!("{id}:{number}")).collect();
        }
        Some(meant)
    }

    /// What is not configured any more may still have a history.
    fn removed(name: &str) -> Meant {
        Meant {
            primitives: BTreeSet::from([name.to_owned()]),
            instances: name.contains(':').then(|| name.to_owned()).into_iter().collect(),
            ..Meant::default()
        }
    }

    fn takes(&self, history: &str) -> bool {
        self.primitives.contains(base(history))
            || self.instances.contains(history)
            || self.bundles.iter().any(|bundle| is_part(bundle, history))
    }
}

/// `web-podman-0`, `web-ip-192.0.2.9` and `web-0` are parts of the bundle `web`.
fn is_part(bundle: &str, id: &str) -> bool {
    let Some(part) = id.strip_prefix(bundle).and_then(|rest| rest.strip_prefix('-')) else { return false };
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match part.split_once('-') {
        None => number(part),
        Some(("ip", _)) => true,
        Some(("docker" | "podman" | "rkt", rest)) => number(rest),
        Some(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESOURCES: &str = "<cib><configuration><resources><group id='g'><primitive id='a'/><primitive id='b'/></group>\
        <clone id='c-clone'><primitive id='c'/></clone><clone id='h-clone'><group id='h'><primitive id='d'/></group></clone>\
        <bundle id='web'><primitive id='inside'/></bundle><primitive id='web-side'/><primitive id='alone'/>\
        </resources></configuration></cib>";
    const HISTORIES: &[&str] = &[
        "a",
        "b",
        "c",
        "c:1",
        "c:2",
        "d:0",
        "d:1",
        "web-podman-0",
        "web-ip-192.0.2.9",
        "web-0",
        "inside:0",
        "web-side",
        "alone",
    ];

    fn check(name: &str, strict: bool, expected: &[&str]) {
        let cib = Cib::parse(RESOURCES).unwrap();
        let meant = Meant::of(&cib, name, strict).unwrap();
        let taken: Vec<&str> = HISTORIES.iter().copied().filter(|id| meant.takes(id)).collect();
        assert_eq!(taken, expected, "{name}, strict: {strict}");
    }

    #[test]
    fn a_part_stands_for_the_whole_unless_it_is_strictly_the_part() {
        check("a", false, &["a", "b"]);
        check("a", true, &["a"]);
        check("g", true, &["a", "b"]);
        check("c:1", false, &["c", "c:1", "c:2"]);
        check("c:1", true, &["c:1"]);
        check("c", true, &["c", "c:1", "c:2"]);
        check("c-clone", true, &["c", "c:1", "c:2"]);
        check("h:1", true, &["d:1"]);
        check("d", false, &["d:0", "d:1"]);
        check("inside", false, &["web-podman-0", "web-ip-192.0.2.9", "web-0", "inside:0"]);
        check("inside", true, &["inside:0"]);
        check("alone", false, &["alone"]);
    }

    #[test]
    fn what_is_removed_is_known_by_its_history_only() {
        let cib = Cib::parse(RESOURCES).unwrap();
        assert!(Meant::of(&cib, "gone", false).is_none() && Meant::of(&cib, "gone:1", true).is_none());
        assert!(Meant::removed("gone").takes("gone:2") && !Meant::removed("gone").configured);
    }
}
