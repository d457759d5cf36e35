//! What the configuration says about where, together with what, in which order.

mod colocation;
mod location;
mod order;
mod ticket;

pub use colocation::{Colocation, ColocationIdx};
pub use location::Location;
pub use ticket::{LossPolicy, TicketConstraint};

use crate::model::{ResourceIdx, Role};
use crate::plan::Plan;
use crate::unpack::rules;
use rhapsody_xml::Element;
use smol_str::SmolStr;

/// Members of a `resource_set`, tags and templates expanded.
#[derive(Debug, Clone, Default)]
pub(crate) struct Set {
    pub id: String,
    pub members: Vec<ResourceIdx>,
    pub sequential: bool,
    /// `ordering="listed"`: each member is colocated with the next one, not with the previous.
    pub listed: bool,
    pub require_all: bool,
    pub role: Option<Role>,
    pub action: Option<SmolStr>,
    pub kind: Option<String>,
    pub symmetrical: Option<bool>,
    pub score: Option<i32>,
}

impl Plan<'_> {
    /// All constraints, in document order.
    pub fn unpack_constraints(&mut self) {
        let Some(section) = self.env.section("constraints") else { return };
        let doc = self.env.doc;
        for e in doc.children(section) {
            let Some(id) = doc.attr(e, "id").filter(|i| !i.is_empty()) else {
                let name = doc.name(e).to_owned();
                self.issue(None, format!("Ignoring <{name}> without id"));
                continue;
            };
            match doc.name(e) {
                "rsc_location" => self.location_constraint(e, id),
                "rsc_colocation" => self.colocation_constraint(e, id),
                "rsc_order" => self.order_constraint(e, id),
                "rsc_ticket" => self.ticket_constraint(e, id),
                other => {
                    let text = format!("Ignoring unsupported constraint <{other}>");
                    self.issue(Some(id), text);
                }
            }
        }
    }

    /// What a constraint means by an id: a resource, or the members of a tag or template.
    pub(crate) fn named(&mut self, name: &str, constraint: &str) -> Option<Named> {
        if let Some(rsc) = self.constraint_resource(name) {
            return Some(Named::One(rsc));
        }
        let many = self.c.templates.get(name).or_else(|| self.c.tags.get(name)).cloned();
        match many {
            Some(ids) => {
                let members = ids.iter().filter_map(|i| self.constraint_resource(i)).collect();
                Some(Named::Many(members))
            }
            None => {
                self.issue(
                    Some(constraint),
                    format!("Ignoring constraint '{constraint}': no resource '{name}'"),
                );
                None
            }
        }
    }

    /// A resource by id. The name an instance is known by on a node means its whole clone.
    fn constraint_resource(&self, id: &str) -> Option<ResourceIdx> {
        if let Some(found) = self.c.resource(id) {
            return Some(found);
        }
        let instance = self.c.resources.iter().position(|r| r.history_id.as_deref() == Some(id))?;
        Some(self.c.top_of(ResourceIdx(instance as u32)))
    }

    /// A `resource_set`. Its tags and templates are expanded in place.
    pub(crate) fn read_set(&mut self, set: Element, constraint: &str) -> Set {
        let doc = self.env.doc;
        let set = rules::dereference(doc, set);
        let flag = |name: &str| doc.attr(set, name).and_then(crate::unpack::values::boolean);
        let mut out = Set {
            id: doc.attr(set, "id").unwrap_or("").to_owned(),
            sequential: flag("sequential").unwrap_or(true),
            listed: doc.attr(set, "ordering").is_some_and(|o| o.eq_ignore_ascii_case("listed")),
            require_all: flag("require-all").unwrap_or(true),
            role: doc.attr(set, "role").and_then(Role::parse),
            action: doc.attr(set, "action").map(SmolStr::from),
            kind: doc.attr(set, "kind").map(str::to_owned),
            symmetrical: flag("symmetrical"),
            score: doc.attr(set, "score").and_then(crate::unpack::values::score),
            members: Vec::new(),
        };
        for r in doc.children_named(set, "resource_ref") {
            let Some(name) = doc.attr(r, "id") else { continue };
            match self.named(name, constraint) {
                Some(Named::One(rsc)) => out.members.push(rsc),
                Some(Named::Many(all)) => out.members.extend(all),
                None => {}
            }
        }
        out
    }

    /// A set made of what one attribute of a simple constraint names.
    pub(crate) fn set_of(&self, named: Named, role: Option<Role>, action: Option<SmolStr>) -> Set {
        let members = match named {
            Named::One(rsc) => vec![rsc],
            Named::Many(all) => all,
        };
        Set { members, role, action, require_all: true, ..Set::default() }
    }
}

pub(crate) enum Named {
    One(ResourceIdx),
    Many(Vec<ResourceIdx>),
}
