//! Alerts and their recipients.

use crate::dto::nvset::{self as dto, Nvset};
use crate::resource::create::Attributes;
use crate::resource::tree;
use crate::work::{Stop, Work};
use crate::{ids, nvset, sections};
use rhapsody_xml::Element;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Recipient {
    pub id: String,
    pub value: String,
    pub description: Option<String>,
    pub meta_attributes: Vec<Nvset>,
    pub instance_attributes: Vec<Nvset>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Alert {
    pub id: String,
    pub path: String,
    pub description: Option<String>,
    pub recipients: Vec<Recipient>,
    pub select: Option<Value>,
    pub meta_attributes: Vec<Nvset>,
    pub instance_attributes: Vec<Nvset>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Alerts {
    pub alerts: Vec<Alert>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ConfigRequest {
    pub evaluate_expired: bool,
}

pub fn config(work: &mut Work<'_>, _request: ConfigRequest) -> Result<Alerts, Stop> {
    let doc = &work.cib;
    let Some(section) = sections::get(doc, "alerts") else { return Ok(Alerts::default()) };
    let text = |element: Element, name: &str| doc.attr(element, name).map(str::to_owned);
    let recipient = |element: Element| Recipient {
        id: text(element, "id").unwrap_or_default(),
        value: text(element, "value").unwrap_or_default(),
        description: text(element, "description"),
        meta_attributes: dto::all(doc, element, "meta_attributes"),
        instance_attributes: dto::all(doc, element, "instance_attributes"),
    };
    let alerts = doc
        .children_named(section, "alert")
        .map(|alert| Alert {
            id: text(alert, "id").unwrap_or_default(),
            path: text(alert, "path").unwrap_or_default(),
            description: text(alert, "description"),
            recipients: doc.children_named(alert, "recipient").map(recipient).collect(),
            select: doc.child(alert, "select").map(|select| read_select(doc, select)),
            meta_attributes: dto::all(doc, alert, "meta_attributes"),
            instance_attributes: dto::all(doc, alert, "instance_attributes"),
        })
        .collect();
    Ok(Alerts { alerts })
}

/// Which events an alert wants.
fn read_select(doc: &rhapsody_xml::Document, select: Element) -> Value {
    let attributes: Vec<Value> = doc
        .child(select, "select_attributes")
        .map(|list| {
            doc.children_named(list, "attribute")
                .map(|attribute| serde_json::json!({"id": doc.attr(attribute, "id"), "name": doc.attr(attribute, "name")}))
                .collect()
        })
        .unwrap_or_default();
    let has = |name: &str| doc.child(select, name).is_some();
    serde_json::json!({
        "nodes": has("select_nodes"),
        "fencing": has("select_fencing"),
        "resources": has("select_resources"),
        "attributes": has("select_attributes"),
        "attributes_select": attributes,
    })
}

fn pairs(attributes: &Attributes) -> Vec<(String, String)> {
    attributes.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Blocks in the order in which the schema wants them; pairs in the order in which they were given.
fn set_blocks(work: &mut Work<'_>, owner: Element, meta: &Attributes, instance: &Attributes) {
    for (kind, attributes) in [("meta_attributes", meta), ("instance_attributes", instance)] {
        if attributes.is_empty() {
            continue;
        }
        let doc = &mut work.cib;
        let block = match doc.child(owner, kind) {
            Some(block) => block,
            None if attributes.values().all(String::is_empty) => continue,
            None => {
                let position = doc
                    .children(owner)
                    .take_while(|child| {
                        doc.name(*child) == "select"
                            || (kind == "instance_attributes" && doc.name(*child) == "meta_attributes")
                    })
                    .count();
                nvset::create(doc, owner, kind, Some(position), &[])
            }
        };
        let mut pairs = pairs(attributes);
        pairs.sort();
        for (name, value) in pairs {
            nvset::set(doc, block, &name, &value);
        }
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    pub alert_id: Option<String>,
    pub path: Option<String>,
    pub instance_attribute_dict: Attributes,
    pub meta_attribute_dict: Attributes,
    pub description: Option<String>,
}

pub fn create(work: &mut Work<'_>, request: Request) -> Result<(), Stop> {
    let Some(path) = request.path.as_ref().filter(|path| !path.is_empty()) else {
        return work.stop("REQUIRED_OPTIONS_ARE_MISSING", "required option 'path' is missing");
    };
    if let Some(id) = &request.alert_id {
        work.check_new_id(id, "alert-id");
    }
    work.check()?;
    let id = request.alert_id.clone().unwrap_or_else(|| ids::free(&work.cib, "alert"));
    let section = sections::make(&mut work.cib, "alerts");
    let doc = &mut work.cib;
    let alert = doc.append(section, "alert");
    doc.set_attr(alert, "id", &id);
    doc.set_attr(alert, "path", path);
    describe(work, alert, request.description.as_deref());
    set_blocks(work, alert, &request.meta_attribute_dict, &request.instance_attribute_dict);
    Ok(())
}

fn describe(work: &mut Work<'_>, element: Element, text: Option<&str>) {
    match text {
        Some("") => {
            work.cib.remove_attr(element, "description");
        }
        Some(text) => work.cib.set_attr(element, "description", text),
        None => {}
    }
}

fn named(work: &mut Work<'_>, id: &str, element: &str, word: &str) -> Option<Element> {
    match ids::find(&work.cib, id) {
        Some(found) if work.cib.name(found) == element => Some(found),
        Some(_) => {
            work.error("ID_BELONGS_TO_UNEXPECTED_TYPE", format!("'{id}' is not an {word}"));
            None
        }
        None => {
            work.error("ID_NOT_FOUND", format!("{word} '{id}' does not exist"));
            None
        }
    }
}

pub fn update(work: &mut Work<'_>, request: Request) -> Result<(), Stop> {
    let id = request.alert_id.clone().unwrap_or_default();
    let Some(alert) = named(work, &id, "alert", "alert") else { return Err(Stop) };
    if let Some(path) = request.path.as_ref().filter(|path| !path.is_empty()) {
        work.cib.set_attr(alert, "path", path);
    }
    describe(work, alert, request.description.as_deref());
    set_blocks(work, alert, &request.meta_attribute_dict, &request.instance_attribute_dict);
    Ok(())
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RemoveRequest {
    pub alert_id_list: Vec<String>,
}

pub fn remove(work: &mut Work<'_>, request: RemoveRequest) -> Result<(), Stop> {
    remove_all(work, &request.alert_id_list, "alert", "alert")
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RemoveRecipientRequest {
    pub recipient_id_list: Vec<String>,
}

pub fn remove_recipient(work: &mut Work<'_>, request: RemoveRecipientRequest) -> Result<(), Stop> {
    remove_all(work, &request.recipient_id_list, "recipient", "alert recipient")
}

fn remove_all(work: &mut Work<'_>, ids: &[String], element: &str, word: &str) -> Result<(), Stop> {
    let mut found: Vec<Element> = Vec::new();
    for id in ids {
        found.extend(named(work, id, element, word));
    }
    work.check()?;
    found.sort_by_key(|element| tree::id(&work.cib, *element));
    found.dedup();
    for element in found {
        work.cib.remove(element);
    }
    Ok(())
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RecipientRequest {
    pub alert_id: String,
    pub recipient_id: Option<String>,
    pub recipient_value: Option<String>,
    pub instance_attribute_dict: Attributes,
    pub meta_attribute_dict: Attributes,
    pub description: Option<String>,
    pub allow_same_value: bool,
}

pub fn add_recipient(work: &mut Work<'_>, request: RecipientRequest) -> Result<(), Stop> {
    let Some(value) = request.recipient_value.clone().filter(|value| !value.is_empty()) else {
        return work.stop("REQUIRED_OPTIONS_ARE_MISSING", "required option 'value' is missing");
    };
    let Some(alert) = named(work, &request.alert_id, "alert", "alert") else { return Err(Stop) };
    if let Some(id) = &request.recipient_id {
        work.check_new_id(id, "recipient-id");
    }
    check_value(work, alert, None, &value, request.allow_same_value);
    work.check()?;
    let id = match &request.recipient_id {
        Some(id) => id.clone(),
        None => ids::free(&work.cib, &format!("{}-recipient", request.alert_id)),
    };
    let recipient = work.cib.append(alert, "recipient");
    work.cib.set_attr(recipient, "id", &id);
    work.cib.set_attr(recipient, "value", &value);
    describe(work, recipient, request.description.as_deref());
    set_blocks(work, recipient, &request.meta_attribute_dict, &request.instance_attribute_dict);
    Ok(())
}

fn check_value(work: &mut Work<'_>, alert: Element, own: Option<Element>, value: &str, force: bool) {
    let doc = &work.cib;
    let same = doc
        .children_named(alert, "recipient")
        .any(|found| Some(found) != own && doc.attr(found, "value") == Some(value));
    if same {
        let id = tree::id(doc, alert);
        work.forceable(
            force,
            "CIB_ALERT_RECIPIENT_ALREADY_EXISTS",
            format!("Recipient '{value}' in alert '{id}' already exists"),
        );
    }
}

pub fn update_recipient(work: &mut Work<'_>, request: RecipientRequest) -> Result<(), Stop> {
    if request.recipient_value.as_deref() == Some("") {
        return work.stop("CIB_ALERT_RECIPIENT_VALUE_INVALID", "Recipient value '' is not valid.");
    }
    let id = request.recipient_id.clone().unwrap_or_default();
    let Some(recipient) = named(work, &id, "recipient", "alert recipient") else { return Err(Stop) };
    if let (Some(value), Some(alert)) = (&request.recipient_value, work.cib.parent(recipient)) {
        check_value(work, alert, Some(recipient), value, request.allow_same_value);
        work.check()?;
        work.cib.set_attr(recipient, "value", value);
    }
    describe(work, recipient, request.description.as_deref());
    set_blocks(work, recipient, &request.meta_attribute_dict, &request.instance_attribute_dict);
    Ok(())
}
