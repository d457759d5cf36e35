//! From a [`Rule`] to elements.

use super::{Pairs, Rule};
use crate::ids;
use rhapsody_xml::{Document, Element};

impl Rule {
    /// Writes the rule below `parent`; without an id one is made from `base`.
    pub fn write(
        &self,
        doc: &mut Document,
        parent: Element,
        position: usize,
        id: Option<&str>,
        base: &str,
    ) -> Element {
        let rule = doc.insert(parent, position, "rule");
        let id = id.map_or_else(|| ids::free(doc, &format!("{base}-rule")), str::to_owned);
        doc.set_attr(rule, "id", &id);
        let (operator, parts) = match self {
            Rule::All(parts) => ("and", parts.as_slice()),
            Rule::Any(parts) => ("or", parts.as_slice()),
            single => ("and", std::slice::from_ref(single)),
        };
        doc.set_attr(rule, "boolean-op", operator);
        for part in parts {
            part.write_part(doc, rule, &id);
        }
        rule
    }

    fn write_part(&self, doc: &mut Document, rule: Element, base: &str) {
        let end = doc.children(rule).count();
        match self {
            Rule::All(_) | Rule::Any(_) => {
                self.write(doc, rule, end, None, base);
            }
            Rule::Defined { attribute, negated } => {
                let element = new(doc, rule, "expression", &format!("{base}-expr"));
                doc.set_attr(element, "attribute", attribute);
                doc.set_attr(element, "operation", if *negated { "not_defined" } else { "defined" });
            }
            Rule::Compare { attribute, operation, kind, value } => {
                let element = new(doc, rule, "expression", &format!("{base}-expr"));
                doc.set_attr(element, "attribute", attribute);
                doc.set_attr(element, "operation", operation);
                doc.set_attr(element, "value", value);
                if let Some(kind) = kind {
                    doc.set_attr(element, "type", kind);
                }
            }
            Rule::Date { operation, start, end, duration } => {
                let element = new(doc, rule, "date_expression", &format!("{base}-expr"));
                doc.set_attr(element, "operation", operation);
                for (name, value) in [("start", start), ("end", end)] {
                    if let Some(value) = value {
                        doc.set_attr(element, name, value);
                    }
                }
                if let Some(duration) = duration {
                    write_pairs(doc, element, "duration", "duration", duration);
                }
            }
            Rule::DateSpec(pairs) => {
                let element = new(doc, rule, "date_expression", &format!("{base}-expr"));
                doc.set_attr(element, "operation", "date_spec");
                write_pairs(doc, element, "date_spec", "datespec", pairs);
            }
            Rule::Resource { class, provider, kind } => {
                let parts: Vec<&str> = [class, provider, kind]
                    .into_iter()
                    .map(String::as_str)
                    .filter(|part| !part.is_empty())
                    .collect();
                let id = ids::sanitized_part(&format!("{base}-rsc-{}", parts.join("-")));
                let element = new(doc, rule, "rsc_expression", &id);
                for (name, value) in [("class", class), ("provider", provider), ("type", kind)] {
                    if !value.is_empty() {
                        doc.set_attr(element, name, value);
                    }
                }
            }
            Rule::Op { name, interval } => {
                let id = format!("{base}-op-{}", ids::sanitized_part(name));
                let element = new(doc, rule, "op_expression", &id);
                doc.set_attr(element, "name", name);
                if let Some(interval) = interval {
                    doc.set_attr(element, "interval", interval);
                }
            }
        }
    }
}

fn new(doc: &mut Document, parent: Element, name: &str, base: &str) -> Element {
    let id = ids::free(doc, base);
    let element = doc.append(parent, name);
    doc.set_attr(element, "id", &id);
    element
}

fn write_pairs(doc: &mut Document, parent: Element, name: &str, suffix: &str, pairs: &Pairs) {
    let base = format!("{}-{suffix}", doc.attr(parent, "id").unwrap_or_default());
    let element = new(doc, parent, name, &base);
    for (name, value) in pairs {
        doc.set_attr(element, name, value);
    }
}
