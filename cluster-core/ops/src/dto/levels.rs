//! Fencing levels as data.

use crate::sections;
use rhapsody_xml::{Document, Element};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Levels {
    pub target_node: Vec<NodeLevel>,
    pub target_regex: Vec<PatternLevel>,
    pub target_attribute: Vec<AttributeLevel>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NodeLevel {
    pub id: String,
    pub target: String,
    pub index: i64,
    pub devices: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PatternLevel {
    pub id: String,
    pub target_pattern: String,
    pub index: i64,
    pub devices: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AttributeLevel {
    pub id: String,
    pub target_attribute: String,
    pub target_value: String,
    pub index: i64,
    pub devices: Vec<String>,
}

/// All levels, by what they are for.
pub fn read(doc: &Document) -> Levels {
    let mut levels = Levels::default();
    let Some(section) = sections::get(doc, "fencing-topology") else { return levels };
    for level in doc.children_named(section, "fencing-level") {
        let id = doc.attr(level, "id").unwrap_or_default().to_owned();
        let index = doc.attr(level, "index").and_then(|index| index.parse().ok()).unwrap_or(0);
        let devices = devices(doc, level);
        let text = |name: &str| doc.attr(level, name).map(str::to_owned);
        if let Some(target) = text("target") {
            levels.target_node.push(NodeLevel { id, target, index, devices });
        } else if let Some(target_pattern) = text("target-pattern") {
            levels.target_regex.push(PatternLevel { id, target_pattern, index, devices });
        } else if let Some(target_attribute) = text("target-attribute") {
            let target_value = text("target-value").unwrap_or_default();
            levels.target_attribute.push(AttributeLevel {
                id,
                target_attribute,
                target_value,
                index,
                devices,
            });
        }
    }
    levels
}

/// The devices of a level.
pub fn devices(doc: &Document, level: Element) -> Vec<String> {
    let list = doc.attr(level, "devices").unwrap_or("");
    list.split(',').map(str::trim).filter(|device| !device.is_empty()).map(str::to_owned).collect()
}
