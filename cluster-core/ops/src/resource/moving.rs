//! `resource ban`, `move-with-constraint`, `clear`: location constraints made for the moment.

use super::tree;
use crate::sections;
use crate::work::{Stop, Work};
use rhapsody_api::Report;
use rhapsody_cib::{duration, time};
use rhapsody_xml::Element;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    pub resource_id: String,
    pub node: Option<String>,
    /// Only the promoted role.
    pub master: bool,
    pub lifetime: Option<String>,
}

fn find(work: &mut Work<'_>, id: &str) -> Result<Element, Stop> {
    match tree::find(&work.cib, id) {
        Some(found) if tree::is_stonith(&work.cib, found) => {
            work.stop("RESOURCE_DOES_NOT_ACCEPT_STONITH", "This command does not accept stonith resources.")
        }
        Some(found) => Ok(found),
        None => work.stop("ID_NOT_FOUND", format!("bundle / clone / group / resource '{id}' does not exist")),
    }
}

/// Where a resource runs now, when that is one node.
fn current_node(work: &Work<'_>, id: &str) -> Option<String> {
    let doc = &work.cib;
    let status = doc.child(doc.root(), "status")?;
    let mut nodes = Vec::new();
    for state in doc.children_named(status, "node_state") {
        let active = doc.descendants(state).any(|resource| {
            doc.name(resource) == "lrm_resource"
                && doc
                    .attr(resource, "id")
                    .is_some_and(|found| found == id || found.split(':').next() == Some(id))
                && is_active(work, resource)
        });
        if active {
            nodes.push(doc.attr(state, "uname").unwrap_or_default().to_owned());
        }
    }
    match nodes.len() {
        1 => nodes.pop(),
        _ => None,
    }
}

/// The last operation that says something decides.
fn is_active(work: &Work<'_>, resource: Element) -> bool {
    let doc = &work.cib;
    let call = |op: &Element| doc.attr(*op, "call-id").and_then(|id| id.parse::<i64>().ok()).unwrap_or(-1);
    let telling = |op: &Element| {
        matches!(doc.attr(*op, "operation"), Some("start" | "stop" | "monitor" | "promote" | "demote"))
    };
    let mut ops: Vec<Element> = doc.children_named(resource, "lrm_rsc_op").filter(telling).collect();
    ops.sort_by_key(call);
    ops.last().is_some_and(|op| {
        let rc = doc.attr(*op, "rc-code").unwrap_or("");
        doc.attr(*op, "operation") != Some("stop") && matches!(rc, "0" | "8")
    })
}

fn node(work: &mut Work<'_>, request: &Request) -> Result<String, Stop> {
    if let Some(node) = &request.node {
        return Ok(node.clone());
    }
    let found = tree::find(&work.cib, &request.resource_id);
    let inner = found.map(|found| tree::primitives_in(&work.cib, found)).unwrap_or_default();
    let ids: Vec<String> = inner.iter().map(|primitive| tree::id(&work.cib, *primitive)).collect();
    match ids.first().and_then(|id| current_node(work, id)) {
        Some(node) => Ok(node),
        None => work.stop(
            "CANNOT_MOVE_RESOURCE_STOPPED_NO_NODE_SPECIFIED",
            "You must specify a node when moving/banning a stopped resource",
        ),
    }
}

pub fn ban(work: &mut Work<'_>, request: Request) -> Result<(), Stop> {
    let resource = find(work, &request.resource_id)?;
    check_promoted(work, resource, &request, "ban")?;
    let request = until(work, request)?;
    ban_until(work, request)
}

/// The lifetime as the time at which it ends.
fn until(work: &mut Work<'_>, request: Request) -> Result<Request, Stop> {
    let Some(lifetime) = &request.lifetime else { return Ok(request) };
    let end = duration::iso(lifetime).and_then(|lifetime| time::add(work.env.now, lifetime));
    // Years beyond those of the calendar are no time either.
    let Some(end) = end.filter(|end| time::civil(*end, 0).is_some()) else {
        let text =
            format!("'{lifetime}' is not a valid lifetime value, use an ISO 8601 duration (e.g. P1D, PT30M)");
        return work.stop("INVALID_OPTION_VALUE", text);
    };
    let end = time::format_utc(end);
    work.report(Report::info(
        "RESOURCE_CONSTRAINT_LIFETIME",
        format!("Migration will take effect until: {end}"),
    ));
    Ok(Request { lifetime: Some(end), ..request })
}

fn ban_until(work: &mut Work<'_>, request: Request) -> Result<(), Stop> {
    let node = node(work, &request)?;
    let id = &request.resource_id;
    let name = format!("cli-ban-{id}-on-{node}");
    let what = if request.master { "being promoted" } else { "running" };
    let text = format!(
        "Creating location constraint '{name}' with a score of -INFINITY for resource {id} on {node}.\n\tThis will prevent {id} \
         from {what} on {node} until the constraint is removed.\n\tThis will be the case even if {node} is the last node in the cluster"
    );
    // Who bans from being promoted is told twice by pcs, and scripts count.
    for _ in 0..if request.master { 2 } else { 1 } {
        work.warning("RESOURCE_BAN_CONSTRAINT_CREATED", text.clone());
    }
    put(work, &name, &request, &node, "-INFINITY");
    Ok(())
}

pub fn move_with_constraint(work: &mut Work<'_>, request: Request) -> Result<(), Stop> {
    let resource = find(work, &request.resource_id)?;
    check_promoted(work, resource, &request, "move")?;
    let request = until(work, request)?;
    let id = request.resource_id.clone();
    match &request.node {
        Some(node) => {
            let node = node.clone();
            // Each of the two is a change of its own.
            if remove(work, &format!("cli-ban-{id}-on-{node}")) {
                work.count_changes(2);
            }
            work.warning(
                "RESOURCE_MOVE_CONSTRAINT_CREATED",
                format!("A move constraint has been created and the resource '{id}' may or may not move depending on other configuration"),
            );
            put(work, &format!("cli-prefer-{id}"), &request, &node, "INFINITY");
            Ok(())
        }
        None => {
            let node = node(work, &request)?;
            let request = Request { node: Some(node), ..request };
            ban_until(work, request)
        }
    }
}

fn check_promoted(work: &mut Work<'_>, resource: Element, request: &Request, verb: &str) -> Result<(), Stop> {
    let doc = &work.cib;
    if request.master && !(tree::is_clone(doc, resource) && tree::is_promotable(doc, resource)) {
        let text = format!(
            "when specifying promoted you must use the promotable clone id, to {verb} '{}'",
            request.resource_id
        );
        return work.stop("CANNOT_BAN_RESOURCE_MASTER_RESOURCE_NOT_PROMOTABLE", text);
    }
    Ok(())
}

fn remove(work: &mut Work<'_>, id: &str) -> bool {
    let Some(section) = sections::get(&work.cib, "constraints") else { return false };
    let found = work.cib.children(section).find(|found| work.cib.attr(*found, "id") == Some(id));
    if let Some(found) = found {
        work.cib.remove(found);
    }
    found.is_some()
}

/// Writes the constraint; an older one of the same name is replaced.
fn put(work: &mut Work<'_>, id: &str, request: &Request, node: &str, score: &str) {
    let role = if request.master { work.role_for_cib("Promoted") } else { "Started".to_owned() };
    remove(work, id);
    let section = sections::make(&mut work.cib, "constraints");
    let doc = &mut work.cib;
    let constraint = doc.append(section, "rsc_location");
    doc.set_attr(constraint, "id", id);
    doc.set_attr(constraint, "rsc", &request.resource_id);
    doc.set_attr(constraint, "role", &role);
    match &request.lifetime {
        None => {
            doc.set_attr(constraint, "node", node);
            doc.set_attr(constraint, "score", score);
        }
        Some(end) => {
            // Tools name the parts of a preference and of a ban differently.
            let part = |ban: &str, prefer: &str| match id.strip_prefix("cli-prefer-") {
                Some(resource) => format!("cli-prefer-{prefer}-{resource}"),
                None => format!("{id}-{ban}"),
            };
            let rule = doc.append(constraint, "rule");
            doc.set_attr(rule, "id", &part("rule", "rule"));
            doc.set_attr(rule, "score", score);
            doc.set_attr(rule, "boolean-op", "and");
            let expression = doc.append(rule, "expression");
            doc.set_attr(expression, "id", &part("expr", "expr"));
            doc.set_attr(expression, "attribute", "#uname");
            doc.set_attr(expression, "operation", "eq");
            doc.set_attr(expression, "value", node);
            doc.set_attr(expression, "type", "string");
            let date = doc.append(rule, "date_expression");
            doc.set_attr(date, "id", &part("lifetime", "lifetime-end"));
            doc.set_attr(date, "operation", "lt");
            doc.set_attr(date, "end", end);
        }
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClearRequest {
    pub resource_id: String,
    pub node: Option<String>,
    pub master: bool,
    pub expired: bool,
}

pub fn clear(work: &mut Work<'_>, request: ClearRequest) -> Result<(), Stop> {
    find(work, &request.resource_id)?;
    let id = &request.resource_id;
    let doc = &work.cib;
    let now = work.env.now;
    let section = sections::get(doc, "constraints");
    let all: Vec<Element> =
        section.map(|section| doc.children_named(section, "rsc_location").collect()).unwrap_or_default();
    let mut found: Vec<(Element, String)> = Vec::new();
    for constraint in all {
        let name = tree::id(doc, constraint);
        let fits = match &request.node {
            Some(node) => {
                name == format!("cli-ban-{id}-on-{node}")
                    || (name == format!("cli-prefer-{id}")
                        && doc.attr(constraint, "node").is_none_or(|prefers| prefers == node))
            }
            None => name.starts_with(&format!("cli-ban-{id}-on-")) || name == format!("cli-prefer-{id}"),
        };
        let role =
            !request.master || doc.attr(constraint, "role").and_then(crate::values::role) == Some("Promoted");
        let expired = !request.expired
            || doc
                .child(constraint, "rule")
                .is_some_and(|rule| rhapsody_cib::rules::expired(doc, rule, now, 0));
        if fits && role && expired {
            found.push((constraint, name));
        }
    }
    work.count_changes(found.len());
    for (constraint, name) in found {
        work.report(Report::info(
            "RESOURCE_UNMOVE_UNBAN_PCMK_SUCCESS",
            format!("Removing constraint: {name}"),
        ));
        work.cib.remove(constraint);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::work::Env;
    use rhapsody_agents_catalog::NoAgents;
    use rhapsody_cib::Cib;

    /// Bans `r` from `n` on 21 November 2026 at 12; the CIB after it and the codes of the reports.
    fn ban(lifetime: &str) -> (String, Vec<String>) {
        run("resource.ban", lifetime)
    }

    fn run(command: &str, lifetime: &str) -> (String, Vec<String>) {
        let text = "<cib epoch='1' num_updates='0' admin_epoch='0' validate-with='pacemaker-3.9'><configuration><crm_config/>\
                    <nodes/><resources><primitive id='r' class='systemd' type='x'/></resources><constraints/>\
                    </configuration><status/></cib>";
        let mut cib = Cib::parse(text).unwrap();
        let env = Env { agents: &NoAgents, now: 1_795_262_400, live: false, nodes: Vec::new() };
        let params = serde_json::json!({"resource_id": "r", "node": "n", "lifetime": lifetime});
        let outcome = crate::run(command, params, &mut cib, &env);
        (cib.to_xml(), outcome.reports.iter().map(|report| report.message.code.clone()).collect())
    }

    #[test]
    fn a_lifetime_is_counted_from_now_and_the_end_is_written() {
        for (lifetime, end) in [
            ("PT5M", "2026-11-21 12:05:00Z"),
            ("P1DT1H", "2026-11-22 13:00:00Z"),
            ("P1M", "2026-12-21 12:00:00Z"),
        ] {
            let (cib, codes) = ban(lifetime);
            assert!(cib.contains(&format!("operation=\"lt\" end=\"{end}\"")), "{lifetime}: {cib}");
            assert_eq!(codes[0], "RESOURCE_CONSTRAINT_LIFETIME");
        }
    }

    #[test]
    fn ids_are_those_of_other_tools() {
        for (command, ids) in [
            ("resource.ban", ["cli-ban-r-on-n-rule", "cli-ban-r-on-n-expr", "cli-ban-r-on-n-lifetime"]),
            ("resource.move", ["cli-prefer-rule-r", "cli-prefer-expr-r", "cli-prefer-lifetime-end-r"]),
        ] {
            let (cib, _) = run(command, "PT5M");
            for id in ids {
                assert!(cib.contains(&format!("id=\"{id}\"")), "{id}: {cib}");
            }
        }
    }

    #[test]
    fn what_is_no_duration_makes_no_ban() {
        for lifetime in ["", "P", "PT", "later", "5m", "2026-12-24", "PT99999999999999H", "P1X"] {
            let (cib, codes) = ban(lifetime);
            assert!(!cib.contains("rsc_location"), "{lifetime}: {cib}");
            assert_eq!(codes, ["INVALID_OPTION_VALUE"], "{lifetime}");
        }
    }
}
