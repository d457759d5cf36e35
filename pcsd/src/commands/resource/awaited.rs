//! What became of a resource after `--wait`: where it is now, and whether that is what was asked.

use super::{inside, nodes_of, on_nodes};
use crate::commands::cib::current;
use crate::commands::{Ctx, Stop};
use crate::files::unix_seconds;
use rhapsody_api::Report;
use rhapsody_cib::Cib;
use rhapsody_ops::{ids, nvset, resource::tree};
use rhapsody_status::Status;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What a command wanted of a resource.
#[derive(Debug, PartialEq, Eq)]
enum Wish {
    /// Whatever became of it is told.
    Any,
    Running,
    Stopped,
    /// It was running, and is to run on this node.
    RunningOn(String),
    /// It was running, and is to run elsewhere.
    RunningBeside(BTreeSet<String>),
}

/// The resources that a command is about; none for commands on anything else.
pub struct Awaited(Vec<(String, Wish)>);

impl Awaited {
    /// `old` and `new` are the CIB before and after the command.
    pub fn of(name: &str, params: &Value, old: &Cib, new: &Cib) -> Awaited {
        let text = |key: &str| params[key].as_str().map(str::to_owned);
        let one = |key: &str, wish: Wish| text(key).map(|id| (id, wish)).into_iter().collect();
        let promoted = params["master"] == Value::Bool(true);
        Awaited(match name {
            "resource.create"
            | "resource.create_as_clone"
            | "resource.create_in_group"
            | "rhapsody.resource.create_in_bundle" => {
                let off = text("resource_id").is_some_and(|id| is_disabled(new, &id));
                one("resource_id", if off { Wish::Stopped } else { Wish::Running })
            }
            "resource.enable" => each_named(params, new, || Wish::Running),
            "resource.disable" => each_named(params, new, || Wish::Stopped),
            "resource.move" | "resource.ban" => {
                let before = text("resource_id").map(|id| nodes_of(old, &id, promoted)).unwrap_or_default();
                let wish = match (before.is_empty(), text("node")) {
                    (true, _) => Wish::Any,
                    (_, Some(node)) if name == "resource.move" => Wish::RunningOn(node),
                    (_, Some(node)) => Wish::RunningBeside(BTreeSet::from([node])),
                    (_, None) => Wish::RunningBeside(before),
                };
                one("resource_id", wish)
            }
            "resource.unmove_unban"
            | "resource.update_meta"
            | "rhapsody.resource.update"
            | "rhapsody.resource.unclone" => one("resource_id", Wish::Any),
            "rhapsody.resource.clone" => {
                let inner = text("resource_id").and_then(|id| tree::find(new, &id));
                let clone = inner.and_then(|inner| tree::parent(new, inner));
                clone.map(|clone| (tree::id(new, clone), Wish::Any)).into_iter().collect()
            }
            "resource.group_add" => one("group_id", Wish::Any),
            "rhapsody.resource.bundle_create"
            | "rhapsody.resource.bundle_reset"
            | "rhapsody.resource.bundle_update" => one("bundle_id", Wish::Any),
            _ => Vec::new(),
        })
    }

    /// Tells where they are; fails when one is not where it was to be.
    pub async fn tell(self, ctx: &Ctx) -> Result<(), Stop> {
        if self.0.is_empty() {
            return Ok(());
        }
        let cib = current(ctx).await?;
        let mut met = true;
        for (id, wish) in self.0 {
            let now = nodes_of(&cib, &id, false);
            let good = match wish {
                Wish::Any => true,
                Wish::Running => !now.is_empty(),
                Wish::Stopped => now.is_empty(),
                Wish::RunningOn(node) => now.contains(&node),
                Wish::RunningBeside(left) => !now.is_empty() && now != left,
            };
            met &= good;
            let (code, text) = match places(&cib, &id) {
                Some(places) => ("RESOURCE_RUNNING_ON_NODES", format!("resource '{id}' is {places}")),
                None => ("RESOURCE_DOES_NOT_RUN", format!("resource '{id}' is not running on any node")),
            };
            ctx.report(if good { Report::info(code, text) } else { Report::error(code, text) });
        }
        if met { Ok(()) } else { Err(Stop) }
    }
}

/// One entry for each resource named; a tag stands for its members.
fn each_named(params: &Value, cib: &Cib, wish: impl Fn() -> Wish) -> Vec<(String, Wish)> {
    let named = params["resource_or_tag_ids"].as_array().into_iter().flatten().filter_map(Value::as_str);
    named
        .flat_map(|id| match ids::find(cib, id) {
            Some(tag) if cib.name(tag) == "tag" => {
                cib.children(tag).filter_map(|member| cib.attr(member, "id")).map(str::to_owned).collect()
            }
            _ => vec![id.to_owned()],
        })
        .map(|id| (id, wish()))
        .collect()
}

/// It, or what it is part of, is to be stopped.
fn is_disabled(cib: &Cib, id: &str) -> bool {
    let stopped = |element| {
        nvset::value(cib, element, "meta_attributes", "target-role")
            .is_some_and(|role| role.eq_ignore_ascii_case("stopped"))
    };
    std::iter::successors(tree::find(cib, id), |inner| tree::parent(cib, *inner)).any(stopped)
}

/// `promoted on node 'n1'; unpromoted on nodes 'n2', 'n3'`; `None` if it runs nowhere.
fn places(cib: &Cib, id: &str) -> Option<String> {
    let status = Status::new(cib, unix_seconds() as i64);
    let members = inside(cib, &[id.to_owned()]);
    let mut by_role: BTreeMap<u8, BTreeSet<String>> = BTreeMap::new();
    for resource in members.iter().flat_map(|member| status.find(member)).filter(|found| found.active) {
        let role = match resource.role {
            "Promoted" => 0,
            "Unpromoted" => 1,
            _ => 2,
        };
        by_role.entry(role).or_default().extend(resource.nodes.iter().map(|node| node.name.clone()));
    }
    let words = ["promoted", "unpromoted", "running"];
    let parts = by_role.iter().filter(|(_, nodes)| !nodes.is_empty());
    let parts: Vec<String> =
        parts.map(|(role, nodes)| format!("{} on {}", words[usize::from(*role)], on_nodes(nodes))).collect();
    if parts.is_empty() { None } else { Some(parts.join("; ")) }
}
