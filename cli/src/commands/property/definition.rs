//! `property get_cluster_properties_definition`: the properties in the JSON that the web interface of
//! older pcs reads; nothing new should.

use super::config::{long_description, metadata};
use crate::Done;
use crate::commands::usage;
use crate::context::Context;
use crate::output::json;
use rhapsody_agents_catalog::Parameter;
use serde_json::{Map, Value, json};

/// What a form shows at once, and a name for people where there is one.
const KNOWN: &[(&str, &str, Shown)] = &[
    ("batch-limit", "Batch Limit", Shown::Always),
    ("no-quorum-policy", "No Quorum Policy", Shown::Always),
    ("symmetric-cluster", "Symmetric", Shown::Always),
    ("fencing-enabled", "Fencing Enabled", Shown::Advanced),
    ("stonith-enabled", "Stonith Enabled", Shown::Advanced),
    ("stonith-action", "Stonith Action", Shown::Always),
    ("cluster-delay", "Cluster Delay", Shown::Always),
    ("stop-removed-resources", "Stop Removed Resources", Shown::Always),
    ("stop-orphan-resources", "Stop Orphan Resources", Shown::Always),
    ("cancel-removed-actions", "Cancel Removed Actions", Shown::Always),
    ("stop-orphan-actions", "Stop Orphan Actions", Shown::Always),
    ("start-failure-is-fatal", "Start Failure is Fatal", Shown::Always),
    ("pe-error-series-max", "PE Error Storage", Shown::Always),
    ("pe-warn-series-max", "PE Warning Storage", Shown::Always),
    ("pe-input-series-max", "PE Input Storage", Shown::Always),
    ("enable-acl", "Enable ACLs", Shown::Always),
];

#[derive(Clone, Copy, PartialEq)]
enum Shown {
    Always,
    Advanced,
}

pub fn run(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(usage());
    }
    let known = metadata(context)?;
    // The cluster writes these two about itself: there is nothing to fill in.
    let asked = |p: &&Parameter| !matches!(p.name.as_str(), "dc-version" | "cluster-infrastructure");
    let all: Map<String, Value> = known
        .properties_metadata
        .iter()
        .filter(asked)
        .map(|parameter| (parameter.name.clone(), definition(parameter)))
        .collect();
    context.line(json::line(&Value::Object(all)));
    Ok(())
}

fn definition(parameter: &Parameter) -> Value {
    let known = KNOWN.iter().find(|(name, _, _)| *name == parameter.name);
    let mut value = json!({
        "name": parameter.name,
        "shortdesc": parameter.shortdesc.as_deref().unwrap_or_default(),
        "longdesc": long_description(parameter).unwrap_or_default(),
        "type": if parameter.enum_values.is_some() { "enum" } else { parameter.kind.as_str() },
        "default": parameter.default.as_deref().unwrap_or_default(),
        "advanced": known.is_none_or(|(_, _, shown)| *shown == Shown::Advanced),
        "readable_name": known.map_or(parameter.name.as_str(), |(_, readable, _)| readable),
        "source": "cluster-options",
    });
    if let (Some(values), Some(fields)) = (&parameter.enum_values, value.as_object_mut()) {
        fields.insert("enum".to_owned(), json!(values));
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_an_enum_and_what_has_no_name_of_its_own_is_advanced() {
        let choice = Parameter {
            name: "no-quorum-policy".to_owned(),
            shortdesc: Some("What to do".to_owned()),
            longdesc: Some("What to do".to_owned()),
            kind: "select".to_owned(),
            enum_values: Some(vec!["stop".to_owned()]),
            ..Parameter::default()
        };
        assert_eq!(
            definition(&choice),
            json!({
                "name": "no-quorum-policy", "shortdesc": "What to do", "longdesc": "", "type": "enum", "default": "",
                "advanced": false, "readable_name": "No Quorum Policy", "source": "cluster-options", "enum": ["stop"],
            })
        );
        let other = Parameter { name: "x".to_owned(), kind: "string".to_owned(), ..Parameter::default() };
        let other = definition(&other);
        assert_eq!((&other["advanced"], &other["readable_name"]), (&json!(true), &json!("x")));
    }
}
