//! `resource failcount show`: failures the cluster remembers, by resource, node and operation.

use crate::Done;
use crate::commands::status;
use crate::commands::usage;
use crate::context::Context;
use crate::failure::Failure;
use crate::grammar;
use rhapsody_cib::Cib;
use rhapsody_ops::values;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Failures of one operation; the cluster stops counting at INFINITY.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Count {
    Times(u64),
    Infinity,
}

impl Count {
    fn and(self, other: Count) -> Count {
        match (self, other) {
            (Count::Times(a), Count::Times(b)) if a.saturating_add(b) < 1_000_000 => Count::Times(a + b),
            _ => Count::Infinity,
        }
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Count::Times(n) => write!(f, "{n}"),
            Count::Infinity => f.write_str("INFINITY"),
        }
    }
}

#[derive(Default)]
struct Filter {
    resource: Option<String>,
    node: Option<String>,
    operation: Option<String>,
    interval: Option<String>,
}

impl Filter {
    fn parse(words: &[String]) -> Result<Filter, Failure> {
        let (resource, rest) = match words.split_first() {
            Some((first, rest)) if !first.contains('=') => (Some(first.clone()), rest),
            _ => (None, words),
        };
        let mut named = grammar::pairs(rest)?;
        let mut take = |name: &str| named.shift_remove(name);
        let filter =
            Filter { resource, node: take("node"), operation: take("operation"), interval: take("interval") };
        if !named.is_empty() {
            return Err(usage());
        }
        if filter.interval.is_some() && filter.operation.is_none() {
            return Err(Failure::message(
                "If option 'interval' is specified, option 'operation' must be specified as well",
            ));
        }
        Ok(filter)
    }

    /// ` for operation 'monitor' with interval '10' of resource 'vip' on node 'n1'`
    fn text(&self, resource: Option<&str>) -> String {
        let mut text = String::new();
        if let Some(operation) = &self.operation {
            let _ = write!(text, " for operation '{operation}'");
            if let Some(interval) = &self.interval {
                let _ = write!(text, " with interval '{interval}'");
            }
        }
        if let Some(resource) = resource {
            let of = if self.operation.is_some() { "of" } else { "for" };
            let _ = write!(text, " {of} resource '{resource}'");
        }
        if let Some(node) = &self.node {
            let _ = write!(text, " on node '{node}'");
        }
        text
    }
}

/// resource -> node -> (operation, interval in ms) -> count
type Counts = BTreeMap<String, BTreeMap<String, BTreeMap<(String, u64), Count>>>;

pub fn show(context: &mut Context, words: &[String]) -> Done {
    if words.first().is_some_and(|word| word == "reset") {
        return Err(Failure::message(
            "'failcount reset' has been removed\nHint: 'rhapsody resource cleanup' forgets failures today",
        ));
    }
    let filter = Filter::parse(words)?;
    let interval_ms = match &filter.interval {
        None => None,
        Some(text) => Some(values::interval_ms(text).ok_or_else(|| {
            Failure::Message(values::invalid_value(text, "interval", values::INTERVAL_HINT))
        })?),
    };
    let cib = status::cib(context)?;
    let counts = counts(&cib, &filter, interval_ms);
    if counts.is_empty() {
        context.line(format!("No failcounts{}", filter.text(filter.resource.as_deref())));
        return Ok(());
    }
    let full = context.options.has("--full");
    for (resource, nodes) in &counts {
        context.line(format!("Failcounts{}", filter.text(Some(resource))));
        for (node, operations) in nodes {
            if !full {
                let sum = operations.values().copied().reduce(Count::and).unwrap_or(Count::Times(0));
                context.line(format!("  {node}: {sum}"));
                continue;
            }
            context.line(format!("  {node}:"));
            for ((operation, interval), count) in operations {
                context.line(format!("    {operation} {interval}ms: {count}"));
            }
        }
    }
    Ok(())
}

fn counts(cib: &Cib, filter: &Filter, interval_ms: Option<u64>) -> Counts {
    let mut counts = Counts::new();
    let states = cib.status().map(|status| cib.children_named(status, "node_state").collect::<Vec<_>>());
    for state in states.unwrap_or_default() {
        let node = cib.attr(state, "uname").unwrap_or_default();
        if filter.node.as_ref().is_some_and(|wanted| wanted != node) {
            continue;
        }
        let Some(transient) = cib.child(state, "transient_attributes") else { continue };
        for pair in cib.descendants(transient).filter(|found| cib.name(*found) == "nvpair") {
            let name = cib.attr(pair, "name").unwrap_or_default();
            let Some((resource, operation, interval)) = failed_operation(name) else { continue };
            let wanted = filter.resource.as_ref().is_none_or(|wanted| wanted == resource)
                && filter.operation.as_ref().is_none_or(|wanted| wanted == operation)
                && interval_ms.is_none_or(|wanted| wanted == interval);
            if !wanted {
                continue;
            }
            let count = match cib.attr(pair, "value").unwrap_or_default() {
                "INFINITY" | "+INFINITY" => Count::Infinity,
                number => Count::Times(number.parse().unwrap_or(1)).and(Count::Times(0)),
            };
            let of_node = counts.entry(resource.to_owned()).or_default().entry(node.to_owned()).or_default();
            let sum = of_node.get(&(operation.to_owned(), interval)).map_or(count, |found| found.and(count));
            of_node.insert((operation.to_owned(), interval), sum);
        }
    }
    counts
}

/// `fail-count-vip:0#monitor_10000`: the resource without an instance number, operation, interval.
fn failed_operation(attribute: &str) -> Option<(&str, &str, u64)> {
    let (resource, key) = attribute.strip_prefix("fail-count-")?.rsplit_once('#')?;
    let (operation, interval) = key.rsplit_once('_')?;
    let resource = match resource.rsplit_once(':') {
        Some((name, number)) if number.chars().all(|c| c.is_ascii_digit()) => name,
        _ => resource,
    };
    Some((resource, operation, interval.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_name_resource_operation_and_interval() {
        assert_eq!(failed_operation("fail-count-a:3#monitor_500"), Some(("a", "monitor", 500)));
        assert_eq!(failed_operation("fail-count-a_b#migrate_to_0"), Some(("a_b", "migrate_to", 0)));
        assert_eq!(failed_operation("last-failure-a#monitor_500"), None);
        assert_eq!(failed_operation("fail-count-a"), None);
        assert_eq!(Count::Times(999_999).and(Count::Times(1)), Count::Infinity);
    }
}
