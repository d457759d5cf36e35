//! `is-state STATE [on-node NODE] [members any|all|none] [instances any|all|none]`: what the instances
//! of a resource do.

use crate::commands::usage;
use crate::failure::Failure;
use rhapsody_status::{Entry, Instance, Resource, Status};

/// The primitives of each instance of a resource: one instance with one primitive, for a primitive.
pub fn instances<'a>(status: &'a Status, id: &str) -> Vec<Vec<&'a Resource>> {
    let is = |resource: &&Resource| resource.id == id || resource.instance == id;
    let mut found = Vec::new();
    for entry in &status.resources {
        match entry {
            Entry::Resource(resource) => found.extend(Some(&**resource).filter(is).map(|one| vec![one])),
            Entry::Group(group) if group.id == id => found.push(group.members.iter().collect()),
            Entry::Group(group) => found.extend(group.members.iter().filter(is).map(|one| vec![one])),
            Entry::Clone(clone) => {
                for instance in &clone.instances {
                    let members: Vec<&Resource> = match instance {
                        Instance::Resource(resource) => vec![&**resource],
                        Instance::Group(group) => group.members.iter().collect(),
                    };
                    // The cloned group goes by its own name too.
                    if clone.id == id || (clone.child == id && matches!(instance, Instance::Group(_))) {
                        found.push(members);
                    } else {
                        found.extend(members.into_iter().filter(is).map(|one| vec![one]));
                    }
                }
            }
            Entry::Bundle(bundle) => {
                for replica in &bundle.replicas {
                    let child = replica.child.as_ref();
                    if bundle.id == id {
                        found.push(vec![child.unwrap_or(&replica.container)]);
                    } else {
                        found.extend(child.filter(is).map(|one| vec![one]));
                    }
                }
            }
        }
    }
    found
}

#[derive(Debug, Clone, Copy)]
enum Quantity {
    Any,
    All,
    None,
}

impl Quantity {
    fn parse(text: &str) -> Result<Quantity, Failure> {
        match text {
            "any" => Ok(Quantity::Any),
            "all" => Ok(Quantity::All),
            "none" => Ok(Quantity::None),
            _ => Err(Failure::Message(format!(
                "'{text}' is not a valid quantifier value, use 'all', 'any', 'none'"
            ))),
        }
    }

    fn of(self, mut each: impl Iterator<Item = bool>) -> bool {
        match self {
            Quantity::Any => each.any(|yes| yes),
            Quantity::All => each.all(|yes| yes),
            Quantity::None => !each.any(|yes| yes),
        }
    }
}

/// The question behind the words.
pub struct Asked<'a> {
    state: fn(&Resource) -> bool,
    node: Option<&'a str>,
    members: Quantity,
    instances: Quantity,
}

impl<'a> Asked<'a> {
    pub fn parse(state: &str, mut rest: &[&'a str]) -> Result<Asked<'a>, Failure> {
        let mut asked =
            Asked { state: in_state(state)?, node: None, members: Quantity::Any, instances: Quantity::Any };
        let mut seen = Vec::new();
        while let [word, value, more @ ..] = rest {
            if seen.contains(word) {
                return Err(Failure::Message(format!("'{word}' cannot be used more than once")));
            }
            match *word {
                "on-node" => asked.node = Some(value),
                "members" => asked.members = Quantity::parse(value)?,
                "instances" => asked.instances = Quantity::parse(value)?,
                _ => return Err(usage()),
            }
            seen.push(word);
            rest = more;
        }
        if rest.is_empty() { Ok(asked) } else { Err(usage()) }
    }

    pub fn holds(&self, instances: &[Vec<&Resource>]) -> bool {
        let there = |r: &Resource| self.node.is_none_or(|node| r.nodes.iter().any(|n| n.name == node));
        let one = |r: &&Resource| there(r) && (self.state)(r);
        self.instances.of(instances.iter().map(|members| self.members.of(members.iter().map(one))))
    }
}

fn in_state(state: &str) -> Result<fn(&Resource) -> bool, Failure> {
    Ok(match state.to_ascii_lowercase().as_str() {
        "started" => |r| r.role == "Started",
        "stopped" => |r| r.role == "Stopped",
        "promoted" => |r| r.role == "Promoted",
        "unpromoted" => |r| r.role == "Unpromoted",
        "active" => |r| r.active,
        "failed" => |r| r.failed,
        "failure_ignored" => |r| r.failure_ignored,
        "blocked" => |r| r.blocked,
        "disabled" => |r| r.disabled,
        "enabled" => |r| !r.disabled,
        "locked_to" => |r| r.locked_to.is_some(),
        "managed" => |r| r.managed,
        "unmanaged" => |r| !r.managed,
        "maintenance" => |r| r.maintenance,
        "orphaned" => |r| r.orphaned,
        "starting" => |r| r.pending == Some("Starting"),
        "stopping" => |r| r.pending == Some("Stopping"),
        "promoting" => |r| r.pending == Some("Promoting"),
        "demoting" => |r| r.pending == Some("Demoting"),
        "migrating" => |r| r.pending == Some("Migrating"),
        "monitoring" => |r| r.pending == Some("Monitoring"),
        "pending" => |r| r.pending.is_some(),
        _ => {
            return Err(Failure::Message(format!(
                "'{state}' is not a valid state value, use 'active', 'blocked', 'demoting', 'disabled', 'enabled', 'failed', \
                 'failure_ignored', 'locked_to', 'maintenance', 'managed', 'migrating', 'monitoring', 'orphaned', 'pending', \
                 'promoted', 'promoting', 'started', 'starting', 'stopped', 'stopping', 'unmanaged', 'unpromoted'"
            )));
        }
    })
}
