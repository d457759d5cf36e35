//! Rules as data, and as the text in which users write them.

use indexmap::IndexMap;
use rhapsody_xml::{Document, Element};
use serde::{Deserialize, Serialize};

pub type Options = IndexMap<String, String>;

/// `date_spec` and `duration` of a date expression.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DatePart {
    pub id: String,
    pub options: Options,
}

/// One expression of a rule, or a rule: the fields of pcs's answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Expression {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub in_effect: String,
    pub options: Options,
    pub date_spec: Option<DatePart>,
    pub duration: Option<DatePart>,
    pub expressions: Vec<Expression>,
    pub as_string: String,
}

/// Is a rule in effect? None when nobody has looked.
pub type InEffect<'a> = &'a dyn Fn(Element) -> Option<&'static str>;

/// Reads a `rule` element.
pub fn read(doc: &Document, rule: Element, in_effect: InEffect<'_>) -> Expression {
    let mut expression = empty(doc, rule, "RULE");
    expression.in_effect = in_effect(rule).unwrap_or("UNKNOWN").to_owned();
    expression.expressions =
        doc.children(rule).filter_map(|child| read_expression(doc, child, in_effect)).collect();
    expression.as_string = text_of_rule(&expression);
    expression
}

fn empty(doc: &Document, element: Element, kind: &str) -> Expression {
    let options = doc.attrs(element).filter(|(name, _)| *name != "id");
    Expression {
        id: doc.attr(element, "id").unwrap_or_default().to_owned(),
        kind: kind.to_owned(),
        in_effect: "UNKNOWN".to_owned(),
        options: options.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        date_spec: None,
        duration: None,
        expressions: Vec::new(),
        as_string: String::new(),
    }
}

fn read_expression(doc: &Document, element: Element, in_effect: InEffect<'_>) -> Option<Expression> {
    let kind = match doc.name(element) {
        "rule" => {
            let mut rule = read(doc, element, in_effect);
            rule.in_effect = "UNKNOWN".to_owned();
            return Some(rule);
        }
        "expression" => "EXPRESSION",
        "date_expression" => "DATE_EXPRESSION",
        "op_expression" => "OP_EXPRESSION",
        "rsc_expression" => "RSC_EXPRESSION",
        _ => return None,
    };
    let mut expression = empty(doc, element, kind);
    expression.date_spec = doc.child(element, "date_spec").map(|part| date_part(doc, part));
    expression.duration = doc.child(element, "duration").map(|part| date_part(doc, part));
    expression.as_string = text(&expression);
    Some(expression)
}

fn date_part(doc: &Document, part: Element) -> DatePart {
    let options = doc.attrs(part).filter(|(name, _)| *name != "id");
    DatePart {
        id: doc.attr(part, "id").unwrap_or_default().to_owned(),
        options: options.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
    }
}

fn text_of_rule(rule: &Expression) -> String {
    let operator = rule.options.get("boolean-op").map_or("and", String::as_str);
    let parts: Vec<String> = rule
        .expressions
        .iter()
        .map(
            |part| if part.kind == "RULE" { format!("({})", part.as_string) } else { part.as_string.clone() },
        )
        .collect();
    parts.join(&format!(" {operator} "))
}

fn quote(text: &str) -> String {
    crate::values::quoted_word(text)
}

fn pairs(options: &Options) -> String {
    let mut pairs: Vec<_> = options.iter().collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={}", quote(value))).collect::<Vec<_>>().join(" ")
}

fn text(expression: &Expression) -> String {
    let option = |name: &str| expression.options.get(name).map_or("", String::as_str);
    match expression.kind.as_str() {
        "EXPRESSION" => match option("operation") {
            operation @ ("defined" | "not_defined") => format!("{operation} {}", quote(option("attribute"))),
            operation => {
                let kind = match option("type") {
                    "" => String::new(),
                    kind => format!("{kind} "),
                };
                format!("{} {operation} {kind}{}", quote(option("attribute")), quote(option("value")))
            }
        },
        "DATE_EXPRESSION" => date_text(expression),
        "OP_EXPRESSION" => match option("interval") {
            "" => format!("op {}", option("name")),
            interval => format!("op {} interval={interval}", option("name")),
        },
        "RSC_EXPRESSION" => format!("resource {}:{}:{}", option("class"), option("provider"), option("type")),
        _ => String::new(),
    }
}

/// `2030-01-01 10:00:00 +02:00` without its blanks.
fn one_word(date: &str) -> String {
    date.trim().replacen(' ', "T", 1).replace(' ', "")
}

fn date_text(expression: &Expression) -> String {
    let option = |name: &str| expression.options.get(name).map(|date| one_word(date));
    if let Some(spec) = &expression.date_spec {
        return format!("date-spec {}", pairs(&spec.options));
    }
    match expression.options.get("operation").map(String::as_str) {
        Some("in_range") => {
            let mut text = String::from("date in_range");
            if let Some(start) = option("start") {
                text.push_str(&format!(" {start}"));
            }
            text.push_str(" to");
            if let Some(end) = option("end") {
                text.push_str(&format!(" {end}"));
            } else if let Some(duration) = &expression.duration {
                text.push_str(&format!(" duration {}", pairs(&duration.options)));
            }
            text
        }
        Some("gt") => format!("date gt {}", option("start").unwrap_or_default()),
        Some("lt") => format!("date lt {}", option("end").unwrap_or_default()),
        other => format!("date {}", other.unwrap_or("")),
    }
}
