//! Checks of options against metadata, as reports.
//!
//! A check never decides whether it may be overridden alone: `force` turns what pcs lets users
//! override into warnings.

use crate::metadata::{Metadata, Parameter};
use rhapsody_api::Report;

/// What is checked, in the words of the messages: `resource`, `stonith`, `cluster property`.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub kind: &'a str,
    pub force: bool,
}

/// Names quoted and joined as messages list them, sorted.
pub fn quoted<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    let mut names: Vec<String> = names.into_iter().map(|name| format!("'{}'", name.as_ref())).collect();
    names.sort();
    names.dedup();
    names.join(", ")
}

/// An error, or with `force` a warning.
pub fn forceable(force: bool, code: &str, text: String) -> Report {
    if force { Report::warning(code, text) } else { Report::error(code, text).forceable("FORCE") }
}

/// Options that are not among the allowed ones.
pub fn invalid_options(subject: Subject<'_>, invalid: &[String], allowed: &[String]) -> Option<Report> {
    if invalid.is_empty() {
        return None;
    }
    Some(forceable(subject.force, "INVALID_OPTIONS", invalid_text(subject.kind, invalid, allowed)))
}

/// The sentence about unknown options.
pub fn invalid_text(kind: &str, invalid: &[String], allowed: &[String]) -> String {
    let kind = if kind.is_empty() { String::new() } else { format!("{kind} ") };
    let names = quoted(invalid);
    let begin = match invalid.len() {
        1 => format!("invalid {kind}option {names}"),
        _ => format!("invalid {kind}options: {names}"),
    };
    match allowed.len() {
        0 => format!("{begin}, there are no options allowed"),
        1 => format!("{begin}, allowed option is {}", quoted(allowed)),
        _ => format!("{begin}, allowed options are: {}", quoted(allowed)),
    }
}

/// Checks the options of a new resource.
pub fn new_options(
    subject: Subject<'_>,
    metadata: &Metadata,
    extra: &[Parameter],
    given: &[(String, String)],
) -> Vec<Report> {
    let mut reports = known_only(subject, metadata, extra, given);
    reports.extend(required(subject, metadata, |name| {
        given.iter().any(|(known, value)| known == name && !value.is_empty())
    }));
    reports.extend(deprecated(subject, metadata, given));
    reports
}

/// Options that the agent does not describe.
pub fn known_only(
    subject: Subject<'_>,
    metadata: &Metadata,
    extra: &[Parameter],
    given: &[(String, String)],
) -> Vec<Report> {
    let known = || metadata.parameters.iter().chain(extra);
    let invalid: Vec<String> = given
        .iter()
        .filter(|(name, _)| !known().any(|parameter| parameter.name == *name))
        .map(|(name, _)| name.clone())
        .collect();
    let allowed: Vec<String> = known()
        .filter(|parameter| subject.kind == "stonith" || !parameter.deprecated)
        .map(|parameter| parameter.name.clone())
        .collect();
    invalid_options(subject, &invalid, &allowed).into_iter().collect()
}

/// Deprecated options are named with what replaces them.
pub fn deprecated(subject: Subject<'_>, metadata: &Metadata, given: &[(String, String)]) -> Vec<Report> {
    given
        .iter()
        .filter_map(|(name, _)| metadata.parameter(name))
        .filter(|parameter| parameter.deprecated)
        .map(|parameter| Report::warning("DEPRECATED_OPTION", deprecated_text(subject.kind, parameter)))
        .collect()
}

/// The sentence about a deprecated option.
pub fn deprecated_text(kind: &str, parameter: &Parameter) -> String {
    let instead = match parameter.deprecated_by.is_empty() {
        true => String::new(),
        false => format!(", use {} instead", quoted(&parameter.deprecated_by)),
    };
    format!(
        "{kind} option '{}' is deprecated and might be removed in a future release, therefore it should not be used{instead}",
        parameter.name
    )
}

/// Required options that are missing; a deprecated name stands in for its replacement.
pub fn required(subject: Subject<'_>, metadata: &Metadata, has: impl Fn(&str) -> bool) -> Vec<Report> {
    let mut missing: Vec<String> = Vec::new();
    let mut reports: Vec<Report> = Vec::new();
    for parameter in
        metadata.parameters.iter().filter(|parameter| parameter.required && !parameter.deprecated)
    {
        let old: Vec<&str> = metadata
            .parameters
            .iter()
            .filter(|old| old.deprecated_by.contains(&parameter.name))
            .map(|old| old.name.as_str())
            .collect();
        if has(&parameter.name) || old.iter().any(|old| has(old)) {
            continue;
        }
        if old.is_empty() {
            missing.push(parameter.name.clone());
            continue;
        }
        let old: Vec<String> = old.iter().map(|old| format!("'{old}' (deprecated)")).collect();
        let text = format!(
            "{} option '{}' or {} has to be specified",
            subject.kind,
            parameter.name,
            old.join(" or ")
        );
        reports.push(forceable(subject.force, "REQUIRED_OPTIONS_OF_ALTERNATIVES_MISSING", text));
    }
    // Nobody can give a required option that is deprecated without a replacement other than itself.
    let lost = metadata.parameters.iter().filter(|parameter| {
        parameter.required
            && parameter.deprecated
            && parameter.deprecated_by.is_empty()
            && !has(&parameter.name)
    });
    missing.extend(lost.map(|parameter| parameter.name.clone()));
    if missing.is_empty() {
        return reports;
    }
    let names = quoted(&missing);
    let text = match missing.len() {
        1 => format!("required {} option {names} is missing", subject.kind),
        _ => format!("required {} options {names} are missing", subject.kind),
    };
    reports.insert(0, forceable(subject.force, "REQUIRED_OPTIONS_ARE_MISSING", text));
    reports
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_and_missing_options_are_named() {
        let metadata = Metadata {
            name: "x".to_owned(),
            shortdesc: None,
            longdesc: None,
            parameters: vec![
                Parameter { name: "ip".to_owned(), required: true, ..Parameter::default() },
                Parameter {
                    name: "ipaddr".to_owned(),
                    deprecated: true,
                    deprecated_by: vec!["ip".to_owned()],
                    ..Parameter::default()
                },
            ],
            actions: Vec::new(),
            ocf_1_1: true,
        };
        let subject = Subject { kind: "resource", force: false };
        let texts = |given: &[(&str, &str)]| -> Vec<String> {
            let given: Vec<(String, String)> =
                given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            new_options(subject, &metadata, &[], &given)
                .into_iter()
                .map(|report| report.message.message)
                .collect()
        };
        assert_eq!(
            texts(&[("x", "1")]),
            [
                "invalid resource option 'x', allowed option is 'ip'",
                "resource option 'ip' or 'ipaddr' (deprecated) has to be specified"
            ]
        );
        assert_eq!(texts(&[("ip", "1")]), Vec::<String>::new());
        assert_eq!(texts(&[("ipaddr", "1")]).len(), 1);
    }
}
