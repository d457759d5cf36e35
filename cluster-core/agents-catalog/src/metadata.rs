//! Agent metadata: OCF 1.0 and 1.1, fence agents, and what Pacemaker says about its own options.

use crate::AgentName;
use rhapsody_xml::{Document, Element};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{0}")]
pub struct MetadataError(pub String);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    pub name: String,
    pub shortdesc: Option<String>,
    pub longdesc: Option<String>,
    pub parameters: Vec<Parameter>,
    pub actions: Vec<Action>,
    /// 1.1 of the OCF resource agent API; decides how `unique` is read.
    pub ocf_1_1: bool,
}

/// One option of an agent; the fields are those of pcs's answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    pub name: String,
    pub shortdesc: Option<String>,
    pub longdesc: Option<String>,
    #[serde(rename = "type")]
    pub kind: String,
    pub default: Option<String>,
    pub enum_values: Option<Vec<String>>,
    pub required: bool,
    pub advanced: bool,
    pub deprecated: bool,
    pub deprecated_by: Vec<String>,
    pub deprecated_desc: Option<String>,
    pub unique_group: Option<String>,
    pub reloadable: bool,
    /// Pacemaker writes it itself (`dc-version`, ...).
    #[serde(default)]
    pub generated: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    pub name: String,
    pub timeout: Option<String>,
    pub interval: Option<String>,
    pub role: Option<String>,
    #[serde(rename = "start-delay")]
    pub start_delay: Option<String>,
    pub depth: Option<String>,
    pub automatic: bool,
    pub on_target: bool,
}

impl Metadata {
    /// Reads what an agent printed. `name` says which agent it was.
    pub fn parse(name: &AgentName, text: &str) -> Result<Metadata, MetadataError> {
        let mut metadata = Metadata::parse_any(text)?;
        metadata.name = name.to_string();
        if name.is_stonith() {
            metadata.as_fence_agent();
        } else if name.standard != "ocf" {
            // These are services, not agents: Pacemaker passes them no options.
            metadata.parameters.clear();
        } else if matches!(name.provider.as_deref(), Some("heartbeat" | "pacemaker")) {
            metadata.add_tracing();
        }
        Ok(metadata)
    }

    /// The shell functions that agents of these providers share obey two more options.
    fn add_tracing(&mut self) {
        for (name, kind, default, desc) in [
            ("trace_ra", "integer", "0", "1 writes down every step of the agent (much output)"),
            ("trace_file", "string", "", "Where the steps are written; the agent has a default"),
        ] {
            if !self.parameters.iter().any(|parameter| parameter.name == name) {
                self.parameters.push(Parameter {
                    name: name.to_owned(),
                    shortdesc: Some(desc.to_owned()),
                    kind: kind.to_owned(),
                    default: filled(Some(default)),
                    advanced: true,
                    ..Parameter::default()
                });
            }
        }
    }

    /// Reads metadata whoever printed them; also Pacemaker's lists of its own options.
    pub fn parse_any(text: &str) -> Result<Metadata, MetadataError> {
        let text = without_doctype(text);
        let doc = Document::parse(text).map_err(|error| MetadataError(error.to_string()))?;
        let root = doc.root();
        let agent = match doc.name(root) {
            "resource-agent" => Some(root),
            "pacemaker-result" => doc.child(root, "resource-agent"),
            _ => None,
        };
        let agent = agent.ok_or_else(|| MetadataError("there is no resource-agent element".to_owned()))?;
        let ocf_1_1 = doc.child(agent, "version").is_some_and(|version| doc.text(version).trim() == "1.1");
        let parameters =
            doc.child(agent, "parameters").map(|list| parameters(&doc, list, ocf_1_1)).unwrap_or_default();
        let actions = doc
            .child(agent, "actions")
            .map(|list| {
                doc.children_named(list, "action").filter_map(|action| read_action(&doc, action)).collect()
            })
            .unwrap_or_default();
        let described = description(&doc, agent, "shortdesc");
        Ok(Metadata {
            name: doc.attr(agent, "name").unwrap_or_default().to_owned(),
            shortdesc: described.or_else(|| filled(doc.attr(agent, "shortdesc"))),
            longdesc: description(&doc, agent, "longdesc"),
            parameters,
            actions,
            ocf_1_1,
        })
    }

    /// Fence agents: the cluster passes `action` and the name of the target itself, and there is
    /// nothing to reload.
    fn as_fence_agent(&mut self) {
        let mut target = vec!["port".to_owned(), "plug".to_owned()];
        let mut at = 0;
        while let Some(name) = target.get(at).cloned() {
            at += 1;
            let Some(parameter) = self.parameters.iter_mut().find(|p| p.name == name) else { continue };
            parameter.required = false;
            let newer = parameter.deprecated_by.clone();
            target.extend(newer.into_iter().filter(|n| !target.contains(n)).collect::<Vec<_>>());
        }
        for parameter in &mut self.parameters {
            if parameter.name == "action" {
                parameter.required = false;
                parameter.advanced = true;
                parameter.deprecated = true;
                parameter.deprecated_by =
                    ["pcmk_off_action", "pcmk_reboot_action"].iter().map(|name| (*name).to_owned()).collect();
            }
            parameter.unique_group = None;
        }
    }

    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }

    pub fn has_action(&self, name: &str) -> bool {
        self.actions.iter().any(|action| action.name == name)
    }

    /// A fence device that must run `on` on a node before it may run resources.
    pub fn provides_unfencing(&self) -> bool {
        self.actions.iter().any(|action| action.name == "on" && action.on_target && action.automatic)
    }
}

fn parameters(doc: &Document, list: Element, ocf_1_1: bool) -> Vec<Parameter> {
    let mut obsoletes: Vec<(String, String)> = Vec::new();
    let mut found: Vec<Parameter> = Vec::new();
    for element in doc.children_named(list, "parameter") {
        let Some(name) = doc.attr(element, "name") else { continue };
        if let Some(old) = doc.attr(element, "obsoletes") {
            obsoletes.push((old.to_owned(), name.to_owned()));
        }
        found.push(read_parameter(doc, element, name, ocf_1_1));
    }
    for parameter in &mut found {
        for (old, new) in &obsoletes {
            if *old == parameter.name && old != new && !parameter.deprecated_by.contains(new) {
                parameter.deprecated_by.push(new.clone());
            }
        }
    }
    found
}

fn read_parameter(doc: &Document, element: Element, name: &str, ocf_1_1: bool) -> Parameter {
    let flag = |attribute: &str| doc.attr(element, attribute) == Some("1");
    let content = doc.child(element, "content");
    let mut kind = content.and_then(|content| doc.attr(content, "type")).unwrap_or("string").to_owned();
    let enum_values: Option<Vec<String>> = content.filter(|_| kind == "select").map(|content| {
        let options = doc.children_named(content, "option");
        options.filter_map(|option| doc.attr(option, "value")).map(str::to_owned).collect()
    });
    let enum_values = enum_values.filter(|values| !values.is_empty());
    if kind == "select" && enum_values.is_none() {
        kind = "string".to_owned();
    }
    let deprecated = doc.child(element, "deprecated");
    let replaced_by = deprecated.map(|deprecated| {
        let names = doc.children_named(deprecated, "replaced-with");
        names.filter_map(|by| doc.attr(by, "name")).map(str::to_owned).collect::<Vec<_>>()
    });
    let unique_group = match (doc.attr(element, "unique-group"), ocf_1_1) {
        (Some(group), _) if !group.is_empty() => Some(group.to_owned()),
        // In 1.0 the attribute meant what its name says; in 1.1 it says what can be reloaded.
        (_, false) if flag("unique") => Some(format!("__pcs_unique_group_{name}")),
        _ => None,
    };
    let shortdesc = description(doc, element, "shortdesc");
    let advanced_text = shortdesc.as_deref().is_some_and(|text| text.starts_with("Advanced use only:"));
    Parameter {
        name: name.to_owned(),
        shortdesc: shortdesc.map(|text| match text.strip_prefix("Advanced use only:") {
            Some(rest) => rest.trim().to_owned(),
            None => text,
        }),
        longdesc: description(doc, element, "longdesc"),
        kind,
        default: content.and_then(|content| doc.attr(content, "default")).map(str::to_owned),
        enum_values,
        required: flag("required"),
        advanced: flag("advanced") || advanced_text,
        deprecated: flag("deprecated") || deprecated.is_some(),
        deprecated_by: replaced_by.unwrap_or_default(),
        deprecated_desc: deprecated.and_then(|deprecated| description(doc, deprecated, "desc")),
        unique_group,
        reloadable: if ocf_1_1 { flag("reloadable") } else { !flag("unique") },
        generated: flag("generated"),
    }
}

fn read_action(doc: &Document, element: Element) -> Option<Action> {
    let text = |name: &str| filled(doc.attr(element, name));
    Some(Action {
        name: text("name")?,
        timeout: text("timeout"),
        interval: text("interval"),
        role: text("role").map(|role| role_of_today(&role)),
        start_delay: text("start-delay"),
        depth: text("depth"),
        automatic: doc.attr(element, "automatic") == Some("1"),
        on_target: doc.attr(element, "on_target") == Some("1"),
    })
}

/// `Master` and `Slave` are what old agents still say.
pub fn role_of_today(role: &str) -> String {
    match role.to_ascii_lowercase().as_str() {
        "master" | "promoted" => "Promoted",
        "slave" | "unpromoted" => "Unpromoted",
        "started" => "Started",
        "stopped" => "Stopped",
        _ => role,
    }
    .to_owned()
}

fn filled(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}

fn description(doc: &Document, element: Element, name: &str) -> Option<String> {
    let text = doc.text(doc.child(element, name)?);
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Old agents print a DOCTYPE with a file name; it says nothing that we need.
fn without_doctype(text: &str) -> &str {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let body = match text.strip_prefix("<?xml") {
        Some(rest) => rest.find("?>").map_or(text, |end| rest[end + 2..].trim_start()),
        None => text,
    };
    if !body.starts_with("<!DOCTYPE") {
        return body;
    }
    // A declaration with an internal subset is left to the parser, which refuses it by name.
    match (body.find('>'), body.find('[')) {
        (Some(end), bracket) if bracket.is_none_or(|bracket| bracket > end) => body[end + 1..].trim_start(),
        _ => body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = r#"<?xml version="1.0"?>
<!DOCTYPE resource-agent SYSTEM "ra-api-1.dtd">
<resource-agent name="Thing" version="0.1"><version>1.0</version>
<longdesc lang="en"> Long </longdesc><shortdesc lang="en">Short</shortdesc>
<parameters><parameter name="ip" unique="1" required="1"><shortdesc>IP</shortdesc><content type="string" default=""/></parameter>
<parameter name="mode"><content type="select" default="a"><option value="a"/><option value="b"/></content></parameter></parameters>
<actions><action name="monitor" interval="10s" timeout="20s" role="Master" depth="0"/><action name="notify"/></actions></resource-agent>"#;

    #[test]
    fn an_old_agent_is_understood() {
        let metadata = Metadata::parse(&AgentName::parse("ocf:x:Thing").unwrap(), OLD).unwrap();
        assert_eq!(metadata.longdesc.as_deref(), Some("Long"));
        let ip = metadata.parameter("ip").unwrap();
        assert!(ip.required && ip.unique_group.is_some() && !ip.reloadable);
        let mode = metadata.parameter("mode").unwrap();
        assert_eq!(mode.enum_values.as_deref(), Some(["a".to_owned(), "b".to_owned()].as_slice()));
        assert_eq!(metadata.actions[0].role.as_deref(), Some("Promoted"));
        assert!(metadata.has_action("notify"));
    }

    #[test]
    fn what_replaces_an_option_is_known() {
        let text = r#"<resource-agent name="fence_x"><parameters>
            <parameter name="action" required="1"><content type="string" default="reboot"/></parameter>
            <parameter name="plug" required="1" obsoletes="port"><content type="string"/></parameter>
            <parameter name="port" required="1" deprecated="1"><content type="string"/></parameter>
            <parameter name="ip" obsoletes="ipaddr"><content type="string"/></parameter>
            <parameter name="ipaddr" deprecated="1"><content type="string"/></parameter></parameters>
            <actions><action name="on" automatic="1" on_target="1"/></actions></resource-agent>"#;
        let metadata = Metadata::parse(&AgentName::stonith("fence_x"), text).unwrap();
        assert_eq!(metadata.parameter("ipaddr").unwrap().deprecated_by, ["ip"]);
        for filled_in in ["action", "plug", "port"] {
            assert!(!metadata.parameter(filled_in).unwrap().required, "{filled_in}");
        }
        assert!(metadata.provides_unfencing());
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(Metadata::parse_any("").is_err());
        assert!(Metadata::parse_any("<a/>").is_err());
        assert!(Metadata::parse_any("<!DOCTYPE a [<!ENTITY x 'y'>]><resource-agent/>").is_err());
    }
}
