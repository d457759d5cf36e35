//! What `--output-format cmd` prints makes the same thing again.

use super::{RICH, Runner};
use crate::commands::NOUNS;
use crate::commands::config::export;
use crate::commands::property::config::NOT_IN_COMMANDS;
use crate::shell;
use rhapsody_cib::Cib;
use serde_json::Value::{self, Array, Null, Object};
use std::collections::BTreeSet;

/// Sections whose content the commands of a noun make.
const SECTIONS: &[(&str, &[&str])] = &[
    ("acl", &["acls"]),
    ("alert", &["alerts"]),
    (
        "config",
        &[
            "crm_config",
            "resources",
            "constraints",
            "rsc_defaults",
            "op_defaults",
            "fencing-topology",
            "tags",
            "acls",
            "alerts",
        ],
    ),
    ("constraint", &["constraints"]),
    ("node", &[]),
    ("property", &["crm_config"]),
    // What names resources cannot stay without them.
    ("resource", &["resources", "constraints", "rsc_defaults", "op_defaults", "fencing-topology", "tags"]),
    ("stonith", &["resources", "constraints", "fencing-topology", "tags"]),
    ("tag", &["tags"]),
];

/// The rich CIB without what the commands are to make.
fn without(noun: &str) -> Cib {
    let mut cib = Cib::parse(RICH).unwrap();
    let (_, sections) = SECTIONS
        .iter()
        .find(|(name, _)| *name == noun)
        .unwrap_or_else(|| panic!("'{noun}' is not in the table"));
    for name in *sections {
        if let Some(section) = cib.section(name) {
            cib.clear(section);
        }
    }
    if matches!(noun, "node" | "config")
        && let Some(nodes) = cib.nodes()
    {
        let nodes: Vec<_> = cib.children(nodes).collect();
        nodes.into_iter().for_each(|node| cib.clear(node));
    }
    cib
}

/// Runs the printed commands on a CIB without those things and compares what is there then.
fn check(noun: &str, command: &str) -> Result<bool, String> {
    let mut original = Runner::rich();
    let Ok(mut commands) = original.line(&format!("{command} --output-format cmd")) else {
        // It knows JSON and no commands.
        return Ok(false);
    };
    if noun == "node" {
        // Each prints its half, and both halves as data.
        let other = if command.contains("utilization") { "attribute" } else { "utilization" };
        commands.push_str(&original.line(&format!("node {other} --output-format cmd")).unwrap_or_default());
    }
    let lines =
        shell::commands(&commands).map_err(|(line, text)| format!("{command}: line {line}: {text}"))?;
    if lines.is_empty() {
        return Err(format!("{command}: the rich CIB has nothing for it to print"));
    }
    let mut again = Runner::new(without(noun));
    for line in lines {
        let text = line.words.join(" ");
        again.run(&line.words).map_err(|()| format!("{command}: refused: {text}"))?;
    }
    let json = format!("{command} --output-format json");
    let (wanted, found) = (original.line(&json), again.line(&json));
    let (wanted, found) = (wanted.unwrap_or_default(), found.unwrap_or_default());
    let value = |text: &str| -> Value { serde_json::from_str(text).unwrap_or_default() };
    let differences = differences(&value(&wanted), &value(&found), command);
    match differences.is_empty() && !wanted.is_empty() {
        true => Ok(true),
        false => Err(format!("{command} makes something else:\n  {}", differences.join("\n  "))),
    }
}

/// Paths at which two values differ, except for what no command could say: ids of sets and pairs,
/// the order of kinds of resources, what the cluster writes itself.
fn differences(wanted: &Value, found: &Value, path: &str) -> Vec<String> {
    match (wanted, found) {
        (Object(left), Object(right)) => {
            let names: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
            let in_pairs = left.contains_key("scope")
                || left.contains_key("nvpairs")
                || left.contains_key("value") && left.contains_key("name");
            names
                .into_iter()
                .filter(|name| !(name.as_str() == "id" && in_pairs || name.as_str() == "set_id"))
                .flat_map(|name| {
                    let (left, right) = (left.get(name).unwrap_or(&Null), right.get(name).unwrap_or(&Null));
                    // Who gives one role of a colocation gives both.
                    let role = name == "resource_role" && left.is_null() && right == "Started";
                    if role { Vec::new() } else { differences(left, right, &format!("{path}.{name}")) }
                })
                .collect()
        }
        // A resource is not made without a monitor.
        (Array(left), Array(right)) if path.ends_with(".operations") && !left.iter().any(is_monitor) => {
            let right = right.iter().filter(|op| !is_monitor(op)).cloned().collect();
            differences(wanted, &Array(right), path.trim_end_matches("s"))
        }
        (Array(left), Array(right)) => {
            let (left, right) = (sorted(left), sorted(right));
            if left.len() != right.len() {
                return vec![format!("{path}: {left:?} became {right:?}")];
            }
            let pairs = left.into_iter().zip(right).enumerate();
            pairs
                .flat_map(|(at, (left, right))| differences(&left, &right, &format!("{path}[{at}]")))
                .collect()
        }
        (left, right) if left == right => Vec::new(),
        (left, right) => vec![format!("{path}: {left} became {right}")],
    }
}

fn is_monitor(op: &Value) -> bool {
    op["name"] == "monitor"
}

/// What has names has no order, except for members, which are only names.
fn sorted(values: &[Value]) -> Vec<Value> {
    let key = |value: &Value| {
        let name = value.get("name").or_else(|| value.get("id"))?.as_str()?;
        Some(format!("{name} {}", value.get("interval").unwrap_or_default()))
    };
    let own = |value: &&Value| value["name"].as_str().is_none_or(|name| !NOT_IN_COMMANDS.contains(&name));
    // A set of nothing says nothing.
    let filled = |value: &&Value| value["nvpairs"].as_array().is_none_or(|pairs| !pairs.is_empty());
    let mut values: Vec<Value> = values.iter().filter(own).filter(filled).cloned().collect();
    if values.iter().all(|value| key(value).is_some()) {
        values.sort_by_key(key);
    }
    values
}

/// The whole configuration, made again by commands; what they say they cannot do is no difference.
pub fn whole(original: &mut Runner) -> Result<(), String> {
    let json = "config --output-format json";
    let read = |text: String| -> Value { serde_json::from_str(&text).unwrap_or_default() };
    let wanted = original.line(json).map_err(|()| "no JSON".to_owned())?;
    let made = export::commands(&serde_json::from_str(&wanted).map_err(|error| error.to_string())?);
    if !made.warnings.is_empty() {
        return Ok(());
    }
    let mut again = Runner::new(without("config"));
    for lines in &made.commands {
        let text = lines.join("\n").replace('\n', " ");
        for line in shell::commands(&text).map_err(|(_, problem)| problem)? {
            // What had to be forced must be forced again.
            let forced: Vec<String> =
                std::iter::once("--force".to_owned()).chain(line.words.iter().skip(1).cloned()).collect();
            let done = again.run(&line.words).or_else(|()| again.run(&forced));
            done.map_err(|()| format!("refused: {text}"))?;
        }
    }
    let found = again.line(json).map_err(|()| "no JSON".to_owned())?;
    let differences = differences(&read(wanted), &read(found), "config");
    if differences.is_empty() { Ok(()) } else { Err(differences.join("\n")) }
}

#[test]
fn commands_that_are_printed_make_the_same_again() {
    let mut wrong = Vec::new();
    let mut tried = Vec::new();
    for noun in NOUNS {
        for verb in noun.verbs {
            // One thing by its name, or another noun's command under a second name.
            let named = verb.words.is_empty() || verb.usage.starts_with(['<', '.']);
            if named || !verb.options.contains(&"--output-format") || !verb.options.contains(&"-f") {
                continue;
            }
            let command = format!("{} {}", noun.name, verb.words);
            match check(noun.name, &command) {
                Ok(true) => tried.push(command),
                Ok(false) => {}
                Err(problem) => wrong.push(problem),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried.len() >= 14, "only {tried:?} print commands");
}

#[test]
fn a_plan_finds_nothing_to_do_where_it_comes_from() {
    let mut original = Runner::rich();
    let json = original.line("config --output-format json").unwrap();
    let wanted = serde_json::from_str(&json).unwrap();
    let commands = crate::plan::carry_out(&mut original.context, &wanted).unwrap();
    assert!(commands.is_empty(), "{commands:#?}");
    // And from nothing to all of it, and then nothing again.
    let mut empty = Runner::new(without("config"));
    let commands = crate::plan::carry_out(&mut empty.context, &wanted).unwrap();
    assert!(!commands.is_empty());
    let commands = crate::plan::carry_out(&mut empty.context, &wanted).unwrap();
    assert!(commands.is_empty(), "{commands:#?}");
    // And back.
    let mut runner = Runner::new(without("config"));
    let nothing = serde_json::from_str(&runner.line("config --output-format json").unwrap()).unwrap();
    crate::plan::carry_out(&mut empty.context, &nothing).unwrap();
    assert!(crate::plan::carry_out(&mut empty.context, &nothing).unwrap().is_empty());
    let resources = empty.cib().resources().unwrap();
    assert_eq!(empty.cib().children(resources).count(), 0);
}
