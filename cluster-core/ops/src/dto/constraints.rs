//! Constraints as data: what `constraint config --output-format json` prints.

use super::rule::{self, Expression, InEffect};
use crate::sections;
use crate::values::{self, is_true};
use rhapsody_xml::{Document, Element};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Constraints {
    pub location: Vec<Location>,
    pub location_set: Vec<LocationSet>,
    pub colocation: Vec<Colocation>,
    pub colocation_set: Vec<ColocationSet>,
    pub order: Vec<Order>,
    pub order_set: Vec<OrderSet>,
    pub ticket: Vec<Ticket>,
    pub ticket_set: Vec<TicketSet>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LocationAttributes {
    pub constraint_id: String,
    pub score: Option<String>,
    pub node: Option<String>,
    pub rules: Vec<Expression>,
    pub lifetime: Vec<Expression>,
    pub resource_discovery: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Location {
    pub resource_id: Option<String>,
    pub resource_pattern: Option<String>,
    pub role: Option<String>,
    pub attributes: LocationAttributes,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Set {
    pub set_id: String,
    pub sequential: Option<bool>,
    pub require_all: Option<bool>,
    pub ordering: Option<String>,
    pub action: Option<String>,
    pub role: Option<String>,
    pub score: Option<String>,
    pub kind: Option<String>,
    pub resources_ids: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LocationSet {
    pub resource_sets: Vec<Set>,
    pub attributes: LocationAttributes,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ColocationAttributes {
    pub constraint_id: String,
    pub score: Option<String>,
    pub influence: Option<String>,
    pub lifetime: Vec<Expression>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Colocation {
    pub resource_id: String,
    pub with_resource_id: String,
    pub node_attribute: Option<String>,
    pub resource_role: Option<String>,
    pub with_resource_role: Option<String>,
    pub resource_instance: Option<i64>,
    pub with_resource_instance: Option<i64>,
    pub attributes: ColocationAttributes,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ColocationSet {
    pub resource_sets: Vec<Set>,
    pub attributes: ColocationAttributes,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OrderAttributes {
    pub constraint_id: String,
    pub symmetrical: Option<bool>,
    pub require_all: Option<bool>,
    pub score: Option<String>,
    pub kind: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Order {
    pub first_resource_id: String,
    pub then_resource_id: String,
    pub first_action: Option<String>,
    pub then_action: Option<String>,
    pub first_resource_instance: Option<i64>,
    pub then_resource_instance: Option<i64>,
    pub attributes: OrderAttributes,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OrderSet {
    pub resource_sets: Vec<Set>,
    pub attributes: OrderAttributes,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TicketAttributes {
    pub constraint_id: String,
    pub ticket: String,
    pub loss_policy: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ticket {
    pub resource_id: String,
    pub role: Option<String>,
    pub attributes: TicketAttributes,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TicketSet {
    pub resource_sets: Vec<Set>,
    pub attributes: TicketAttributes,
}

struct Reader<'a> {
    doc: &'a Document,
    in_effect: InEffect<'a>,
}

/// All constraints of a CIB.
pub fn read(doc: &Document, in_effect: InEffect<'_>) -> Constraints {
    let mut all = Constraints::default();
    let Some(section) = sections::get(doc, "constraints") else { return all };
    let reader = Reader { doc, in_effect };
    for element in doc.children(section) {
        let sets: Vec<Set> = doc.children_named(element, "resource_set").map(|set| reader.set(set)).collect();
        let plain = sets.is_empty();
        match doc.name(element) {
            "rsc_location" if plain => all.location.push(reader.location(element)),
            "rsc_location" => all
                .location_set
                .push(LocationSet { resource_sets: sets, attributes: reader.location_attributes(element) }),
            "rsc_colocation" if plain => all.colocation.push(reader.colocation(element)),
            "rsc_colocation" => {
                all.colocation_set.push(ColocationSet {
                    resource_sets: sets,
                    attributes: reader.colocation_attributes(element),
                });
            }
            "rsc_order" if plain => all.order.push(reader.order(element)),
            "rsc_order" => all
                .order_set
                .push(OrderSet { resource_sets: sets, attributes: reader.order_attributes(element) }),
            "rsc_ticket" if plain => all.ticket.push(reader.ticket(element)),
            "rsc_ticket" => all
                .ticket_set
                .push(TicketSet { resource_sets: sets, attributes: reader.ticket_attributes(element) }),
            _ => {}
        }
    }
    all
}

impl Reader<'_> {
    fn text(&self, element: Element, name: &str) -> Option<String> {
        self.doc.attr(element, name).map(str::to_owned)
    }

    fn string(&self, element: Element, name: &str) -> String {
        self.text(element, name).unwrap_or_default()
    }

    fn truth(&self, element: Element, name: &str) -> Option<bool> {
        self.doc.attr(element, name).map(is_true)
    }

    fn number(&self, element: Element, name: &str) -> Option<i64> {
        self.doc.attr(element, name)?.parse().ok()
    }

    fn role(&self, element: Element, name: &str) -> Option<String> {
        self.doc.attr(element, name).map(|role| values::role(role).unwrap_or(role).to_owned())
    }

    fn rules(&self, element: Element) -> Vec<Expression> {
        self.doc
            .children_named(element, "rule")
            .map(|found| rule::read(self.doc, found, self.in_effect))
            .collect()
    }

    fn lifetime(&self, element: Element) -> Vec<Expression> {
        self.doc.child(element, "lifetime").map(|lifetime| self.rules(lifetime)).unwrap_or_default()
    }

    fn set(&self, set: Element) -> Set {
        let members = self.doc.children_named(set, "resource_ref");
        Set {
            set_id: self.string(set, "id"),
            sequential: self.truth(set, "sequential"),
            require_all: self.truth(set, "require-all"),
            ordering: self.text(set, "ordering"),
            action: self.text(set, "action"),
            role: self.role(set, "role"),
            score: self.text(set, "score"),
            kind: self.text(set, "kind"),
            resources_ids: members.filter_map(|member| self.text(member, "id")).collect(),
        }
    }

    fn location_attributes(&self, element: Element) -> LocationAttributes {
        LocationAttributes {
            constraint_id: self.string(element, "id"),
            score: self.text(element, "score"),
            node: self.text(element, "node"),
            rules: self.rules(element),
            lifetime: self.lifetime(element),
            resource_discovery: self.text(element, "resource-discovery"),
        }
    }

    fn location(&self, element: Element) -> Location {
        Location {
            resource_id: self.text(element, "rsc"),
            resource_pattern: self.text(element, "rsc-pattern"),
            role: self.role(element, "role"),
            attributes: self.location_attributes(element),
        }
    }

    fn colocation_attributes(&self, element: Element) -> ColocationAttributes {
        ColocationAttributes {
            constraint_id: self.string(element, "id"),
            score: self.text(element, "score"),
            influence: self.text(element, "influence"),
            lifetime: self.lifetime(element),
        }
    }

    fn colocation(&self, element: Element) -> Colocation {
        Colocation {
            resource_id: self.string(element, "rsc"),
            with_resource_id: self.string(element, "with-rsc"),
            node_attribute: self.text(element, "node-attribute"),
            resource_role: self.role(element, "rsc-role"),
            with_resource_role: self.role(element, "with-rsc-role"),
            resource_instance: self.number(element, "rsc-instance"),
            with_resource_instance: self.number(element, "with-rsc-instance"),
            attributes: self.colocation_attributes(element),
        }
    }

    fn order_attributes(&self, element: Element) -> OrderAttributes {
        OrderAttributes {
            constraint_id: self.string(element, "id"),
            symmetrical: self.truth(element, "symmetrical"),
            require_all: self.truth(element, "require-all"),
            score: self.text(element, "score"),
            kind: self.text(element, "kind"),
        }
    }

    fn order(&self, element: Element) -> Order {
        Order {
            first_resource_id: self.string(element, "first"),
            then_resource_id: self.string(element, "then"),
            first_action: self.text(element, "first-action"),
            then_action: self.text(element, "then-action"),
            first_resource_instance: self.number(element, "first-instance"),
            then_resource_instance: self.number(element, "then-instance"),
            attributes: self.order_attributes(element),
        }
    }

    fn ticket_attributes(&self, element: Element) -> TicketAttributes {
        TicketAttributes {
            constraint_id: self.string(element, "id"),
            ticket: self.string(element, "ticket"),
            loss_policy: self.text(element, "loss-policy"),
        }
    }

    fn ticket(&self, element: Element) -> Ticket {
        Ticket {
            resource_id: self.string(element, "rsc"),
            role: self.role(element, "rsc-role"),
            attributes: self.ticket_attributes(element),
        }
    }
}

/// One line about an order, for messages.
pub fn short_order(doc: &Document, element: Element) -> String {
    let attribute = |name: &str| doc.attr(element, name);
    let first = attribute("first-action").unwrap_or("start");
    let mut text = format!(
        "{first} {} then {} {}",
        attribute("first").unwrap_or(""),
        attribute("then-action").unwrap_or(first),
        attribute("then").unwrap_or("")
    );
    match (attribute("kind"), attribute("score")) {
        (None, Some(score)) => text.push_str(&format!(" (score:{score})")),
        (kind, _) => text.push_str(&format!(" (kind:{})", kind.unwrap_or("Mandatory"))),
    }
    if attribute("symmetrical").is_some_and(|value| !is_true(value)) {
        text.push_str(" (non-symmetrical)");
    }
    format!("{text} (id:{})", attribute("id").unwrap_or(""))
}

/// One line about a colocation, for messages.
pub fn short_colocation(doc: &Document, element: Element) -> String {
    let attribute = |name: &str| doc.attr(element, name);
    let mut text = format!(
        "{} with {} (score:{})",
        attribute("rsc").unwrap_or(""),
        attribute("with-rsc").unwrap_or(""),
        attribute("score").unwrap_or("INFINITY")
    );
    for name in ["rsc-role", "with-rsc-role"] {
        if let Some(role) = attribute(name).filter(|role| *role != "Started") {
            text.push_str(&format!(" ({name}:{role})"));
        }
    }
    format!("{text} (id:{})", attribute("id").unwrap_or(""))
}
