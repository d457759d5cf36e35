//! Old CIBs as newer schemas would say them, in memory, so that the scheduler knows one language.
//!
//! The steps of the 2.x to 3.x upgrade are what `cibadmin --upgrade` can be seen to do; those to
//! 4.0 follow Pacemaker's documentation. Both spellings of options that were only renamed
//! (`stonith-enabled`, ...) stay valid and are left alone.

use crate::{Cib, ids, nvpair};
use rhapsody_xml::{Document, Element, xpath::Xpath};
use std::borrow::Cow;

/// The schema whose language the result speaks.
pub const NEWEST_SCHEMA: &str = "pacemaker-4.0";

impl Cib {
    /// This CIB in the newest schema's terms; borrowed when it already is.
    pub fn upgraded(&self) -> Cow<'_, Cib> {
        if !needs_upgrade(self) {
            return Cow::Borrowed(self);
        }
        let mut cib = self.clone();
        cib.upgrade();
        Cow::Owned(cib)
    }

    /// The same in place.
    pub fn upgrade(&mut self) {
        if self.schema_number().is_some_and(|v| v < (3, 0)) {
            to_3(self);
        }
        masters(self);
        locations(self);
        for constraint in with_dropped_lifetime(self) {
            while let Some(lifetime) = self.child(constraint, "lifetime") {
                self.remove(lifetime);
            }
        }
        ping_nodes(self);
        dead_meta_attributes(self);
        let root = self.root();
        self.set_attr(root, "validate-with", NEWEST_SCHEMA);
    }

    /// What [`Cib::upgrade`] leaves out although it meant something, in whole sentences.
    pub fn upgrade_warnings(&self) -> Vec<String> {
        let told = |constraint: Element| {
            format!(
                "Dropping lifetime element from constraint {} because lifetime elements are no longer supported. Any \
                 rules contained there will no longer apply to the constraint",
                self.attr(constraint, "id").unwrap_or_default()
            )
        };
        with_dropped_lifetime(self).into_iter().map(told).collect()
    }

    /// `pacemaker-3.9` as (3, 9); None for `none` and unknown ones.
    pub fn schema_number(&self) -> Option<(u32, u32)> {
        let (major, minor) = self.schema()?.strip_prefix("pacemaker-")?.split_once('.')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    }
}

const DEAD_META: [&str; 6] =
    ["restart-type", "restart_type", "can_fail", "can-fail", "role_after_failure", "role-after-failure"];

/// Would [`Cib::upgrade`] do more than change the name of the schema?
fn needs_upgrade(cib: &Cib) -> bool {
    if cib.schema_number().is_some_and(|v| v < (3, 0)) {
        return true;
    }
    let Some(configuration) = cib.configuration() else { return false };
    cib.descendants(configuration).any(|e| match cib.name(e) {
        "master" | "lifetime" => true,
        "rsc_location" => cib.children_named(e, "rule").nth(1).is_some(),
        "node" => cib.attr(e, "type") == Some("ping"),
        "nvpair" => is_dead(cib, e),
        _ => false,
    })
}

fn is_dead(doc: &Document, pair: Element) -> bool {
    doc.attr(pair, "name").is_some_and(|n| DEAD_META.contains(&n))
        && doc.parent(pair).is_some_and(|p| doc.name(p) == "meta_attributes")
}

fn select(doc: &Document, path: &str) -> Vec<Element> {
    // The paths are constants of this file; a wrong one would select nothing in every test.
    Xpath::parse(path).map(|p| p.select(doc)).unwrap_or_default()
}

// ---- 2.x to 3.0

/// Old names of cluster options and what they became; an empty one is dropped.
const OPTIONS: [(&str, &str); 23] = [
    ("cluster_recheck_interval", "cluster-recheck-interval"),
    ("cluster_delay", "cluster-delay"),
    ("transition_idle_timeout", "cluster-delay"),
    ("dc_deadtime", "dc-deadtime"),
    ("election_timeout", "election-timeout"),
    ("no_quorum_policy", "no-quorum-policy"),
    ("remove_after_stop", "remove-after-stop"),
    ("shutdown_escalation", "shutdown-escalation"),
    ("startup_fencing", "startup-fencing"),
    ("stonith_action", "stonith-action"),
    ("stonith_enabled", "stonith-enabled"),
    ("stop_orphan_actions", "stop-orphan-actions"),
    ("stop_orphan_resources", "stop-orphan-resources"),
    ("symmetric_cluster", "symmetric-cluster"),
    ("default-migration-threshold", ""),
    ("default_migration_threshold", ""),
    ("default-resource-failure-stickiness", ""),
    ("default_resource_failure_stickiness", ""),
    ("expected-quorum-votes", ""),
    ("notification-agent", ""),
    ("notification-recipient", ""),
    ("is_managed_default", "is-managed-default"),
    ("default_resource_stickiness", "default-resource-stickiness"),
];

fn to_3(cib: &mut Cib) {
    for node in select(cib, "/cib/configuration/nodes/node[@type='normal']") {
        cib.set_attr(node, "type", "member");
    }
    options(cib);
    for op in select(cib, "//operations/op") {
        requires(cib, op);
    }
    for pair in select(cib, "//meta_attributes/nvpair[@name='isolation']") {
        cib.remove(pair);
    }
}

/// Renames cluster options; those that are defaults of resources and operations move there.
fn options(cib: &mut Cib) {
    for pair in select(cib, "/cib/configuration/crm_config/cluster_property_set/nvpair") {
        let Some(name) = cib.attr(pair, "name").map(str::to_owned) else { continue };
        let new = OPTIONS.iter().find(|(old, _)| *old == name).map_or(name.as_str(), |(_, new)| new);
        let default = match new {
            "" => {
                cib.remove(pair);
                continue;
            }
            "default-action-timeout" | "default_action_timeout" => ("op_defaults", "timeout"),
            "default-resource-stickiness" => ("rsc_defaults", "resource-stickiness"),
            "is-managed-default" => ("rsc_defaults", "is-managed"),
            new => {
                if new != name {
                    cib.set_attr(pair, "name", new);
                }
                continue;
            }
        };
        let value = cib.attr(pair, "value").unwrap_or("").to_owned();
        cib.remove(pair);
        let (section, name) = default;
        let section = cib.section_mut(section);
        let block = nvpair::block_mut(cib, section, "meta_attributes");
        nvpair::set(cib, block, name, &value);
    }
}

/// What an operation required is now said by its resource.
fn requires(cib: &mut Cib, op: Element) {
    let mut value = cib.attr(op, "requires").map(str::to_owned);
    cib.remove_attr(op, "requires");
    let blocks: Vec<Element> = cib.children_named(op, "meta_attributes").collect();
    for block in blocks {
        if let Some(old) = nvpair::get(cib, block, "requires").map(str::to_owned) {
            value = value.or(Some(old));
            nvpair::remove(cib, block, "requires");
        }
    }
    let starts = matches!(cib.attr(op, "name"), Some("start" | "promote"));
    let resource = cib.parent(op).and_then(|operations| cib.parent(operations));
    if let (Some(value), true, Some(resource)) = (value, starts, resource) {
        let block = nvpair::block_mut(cib, resource, "meta_attributes");
        nvpair::set(cib, block, "requires", &value);
    }
}

// ---- 3.x to 4.0

/// `<master>` becomes a clone with promotable=true.
/// The new block comes first and counts most, whatever the others say.
fn masters(cib: &mut Cib) {
    for master in select(cib, "/cib/configuration/resources//master") {
        cib.rename(master, "clone");
        let id = cib.attr(master, "id").unwrap_or("master");
        let base = format!("pcmk__3_10_upgrade-promotable-legacy-{id}-meta_attributes");
        let block = nvpair::new_block(cib, master, "meta_attributes", &base);
        cib.set_attr(block, "score", "INFINITY");
        cib.move_to(block, master, 0);
        nvpair::set(cib, block, "promotable", "true");
    }
}

/// A location has one rule at most, and its lifetime is part of the rule.
fn locations(cib: &mut Cib) {
    for location in select(cib, "/cib/configuration/constraints/rsc_location") {
        let rules: Vec<Element> = cib.children_named(location, "rule").collect();
        let lifetimes: Vec<Element> = cib.children_named(location, "lifetime").collect();
        for rule in rules.iter().skip(1) {
            let parent = match cib.parent(location) {
                Some(parent) => parent,
                None => break,
            };
            // Behind the ones made before, so that document order stays that of the rules.
            let made = rules.iter().position(|r| r == rule).unwrap_or(1);
            let position = cib.position(location) + made;
            let copy = cib.insert(parent, position, "rsc_location");
            let attrs: Vec<(String, String)> =
                cib.attrs(location).map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
            for (name, value) in attrs {
                cib.set_attr(copy, &name, &value);
            }
            let base = format!("{}-{}", cib.attr(location, "id").unwrap_or("location"), made + 1);
            let id = ids::unique(cib, &base);
            cib.set_attr(copy, "id", &id);
            cib.move_to(*rule, copy, 0);
            for lifetime in &lifetimes {
                cib.duplicate(*lifetime, copy, usize::MAX);
                and_lifetime(cib, copy);
            }
        }
        for _ in &lifetimes {
            and_lifetime(cib, location);
        }
    }
}

/// Both the rule (or the node) and the rules of the lifetime must hold.
fn and_lifetime(cib: &mut Cib, location: Element) {
    let Some(lifetime) = cib.child(location, "lifetime") else { return };
    let id = cib.attr(location, "id").unwrap_or("location").to_owned();
    let both_id = ids::unique(cib, &format!("{id}-lifetime"));
    let both = cib.insert(location, 0, "rule");
    cib.set_attr(both, "id", &both_id);
    cib.set_attr(both, "boolean-op", "and");
    let rule = cib.children_named(location, "rule").find(|r| *r != both);
    if let Some(rule) = rule {
        for name in ["score", "score-attribute", "role"] {
            if let Some(value) = cib.attr(rule, name).map(str::to_owned) {
                cib.set_attr(both, name, &value);
                cib.remove_attr(rule, name);
            }
        }
        cib.move_to(rule, both, 0);
    } else {
        for name in ["score", "role"] {
            if let Some(value) = cib.attr(location, name).map(str::to_owned) {
                cib.set_attr(both, name, &value);
                cib.remove_attr(location, name);
            }
        }
        if let Some(node) = cib.attr(location, "node").map(str::to_owned) {
            cib.remove_attr(location, "node");
            let expression = cib.append(both, "expression");
            for (name, value) in [
                ("id", format!("{both_id}-expr").as_str()),
                ("attribute", "#uname"),
                ("operation", "eq"),
                ("value", &node),
            ] {
                cib.set_attr(expression, name, value);
            }
        }
    }
    let inner: Vec<Element> = cib.children_named(lifetime, "rule").collect();
    for rule in inner {
        cib.move_to(rule, both, usize::MAX);
    }
    cib.remove(lifetime);
}

/// Constraints whose lifetime nothing can stand for: only locations have rules.
fn with_dropped_lifetime(cib: &Cib) -> Vec<Element> {
    let constraints = select(cib, "/cib/configuration/constraints/*");
    let drops = |e: &Element| {
        matches!(cib.name(*e), "rsc_colocation" | "rsc_order" | "rsc_ticket")
            && cib.child(*e, "lifetime").is_some()
    };
    constraints.into_iter().filter(drops).collect()
}

/// `ping` nodes are members that run nothing and are not probed.
fn ping_nodes(cib: &mut Cib) {
    for node in select(cib, "/cib/configuration/nodes/node[@type='ping']") {
        cib.set_attr(node, "type", "member");
        let Some(uname) = cib.attr(node, "uname").map(str::to_owned) else { continue };
        let id = ids::unique(cib, &ids::sanitize(&format!("ban-all-from-{uname}"), ""));
        let constraints = cib.constraints_mut();
        let ban = cib.append(constraints, "rsc_location");
        for (name, value) in [
            ("id", id.as_str()),
            ("rsc-pattern", ".*"),
            ("node", &uname),
            ("score", "-INFINITY"),
            ("resource-discovery", "never"),
        ] {
            cib.set_attr(ban, name, value);
        }
    }
}

fn dead_meta_attributes(cib: &mut Cib) {
    let Some(configuration) = cib.configuration() else { return };
    let dead: Vec<Element> =
        cib.descendants(configuration).filter(|e| cib.name(*e) == "nvpair" && is_dead(cib, *e)).collect();
    for pair in dead {
        cib.remove(pair);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upgraded(schema: &str, configuration: &str) -> Cib {
        let text = format!(
            "<cib validate-with='{schema}'><configuration>{configuration}</configuration><status/></cib>"
        );
        Cib::parse(&text).unwrap().upgraded().into_owned()
    }

    fn section(cib: &Cib, name: &str) -> String {
        cib.compact(cib.section(name).unwrap()).replace('"', "'")
    }

    #[test]
    fn what_is_new_already_is_only_borrowed() {
        let cib = Cib::empty();
        assert!(matches!(cib.upgraded(), Cow::Borrowed(_)));
    }

    #[test]
    fn old_options_get_their_new_names_and_places() {
        let cib = upgraded(
            "pacemaker-1.2",
            "<crm_config><cluster_property_set id='o'><nvpair id='1' name='no_quorum_policy' value='ignore'/>\
             <nvpair id='2' name='default-action-timeout' value='30s'/>\
             <nvpair id='3' name='default-resource-stickiness' value='100'/>\
             <nvpair id='4' name='is-managed-default' value='false'/>\
             <nvpair id='5' name='expected-quorum-votes' value='2'/></cluster_property_set></crm_config>\
             <nodes><node id='1' uname='a' type='normal'/></nodes>",
        );
        assert_eq!(
            section(&cib, "crm_config"),
            "<crm_config><cluster_property_set id='o'><nvpair id='1' name='no-quorum-policy' value='ignore'/>\
             </cluster_property_set></crm_config>"
        );
        assert_eq!(
            section(&cib, "rsc_defaults"),
            "<rsc_defaults><meta_attributes id='rsc_defaults-meta_attributes'>\
             <nvpair id='rsc_defaults-meta_attributes-resource-stickiness' name='resource-stickiness' value='100'/>\
             <nvpair id='rsc_defaults-meta_attributes-is-managed' name='is-managed' value='false'/>\
             </meta_attributes></rsc_defaults>"
        );
        assert!(section(&cib, "op_defaults").contains("name='timeout' value='30s'"));
        assert_eq!(section(&cib, "nodes"), "<nodes><node id='1' uname='a' type='member'/></nodes>");
    }

    #[test]
    fn requires_moves_from_the_operation_to_the_resource() {
        let cib = upgraded(
            "pacemaker-2.10",
            "<resources><primitive id='a'><operations><op id='s' name='start' requires='nothing'/>\
             <op id='m' name='monitor' requires='quorum'/></operations></primitive></resources>",
        );
        assert_eq!(
            section(&cib, "resources"),
            "<resources><primitive id='a'><operations><op id='s' name='start'/><op id='m' name='monitor'/>\
             </operations><meta_attributes id='a-meta_attributes'>\
             <nvpair id='a-meta_attributes-requires' name='requires' value='nothing'/></meta_attributes>\
             </primitive></resources>"
        );
    }

    #[test]
    fn masters_become_promotable_clones() {
        let cib =
            upgraded("pacemaker-3.7", "<resources><master id='m'><primitive id='a'/></master></resources>");
        assert_eq!(
            section(&cib, "resources"),
            "<resources><clone id='m'>\
             <meta_attributes id='pcmk__3_10_upgrade-promotable-legacy-m-meta_attributes' score='INFINITY'>\
             <nvpair id='pcmk__3_10_upgrade-promotable-legacy-m-meta_attributes-promotable' name='promotable' \
             value='true'/></meta_attributes><primitive id='a'/></clone></resources>"
        );
    }

    #[test]
    fn each_rule_gets_a_location_of_its_own() {
        let cib = upgraded(
            "pacemaker-3.7",
            "<constraints><rsc_location id='l' rsc='a'><rule id='1' score='1'/><rule id='2' score='2'/>\
             <rule id='3' score='3'/></rsc_location><rsc_location id='z' rsc='b' node='n' score='1'/></constraints>",
        );
        assert_eq!(
            section(&cib, "constraints"),
            "<constraints><rsc_location id='l' rsc='a'><rule id='1' score='1'/></rsc_location>\
             <rsc_location id='l-2' rsc='a'><rule id='2' score='2'/></rsc_location>\
             <rsc_location id='l-3' rsc='a'><rule id='3' score='3'/></rsc_location>\
             <rsc_location id='z' rsc='b' node='n' score='1'/></constraints>"
        );
    }

    #[test]
    fn a_lifetime_becomes_part_of_the_rule() {
        let lifetime = "<lifetime><rule id='t' score='0'><date_expression id='d' operation='gt' start='2000-01-01'/></rule></lifetime>";
        let cib = upgraded(
            "pacemaker-3.7",
            &format!(
                "<constraints><rsc_location id='l' rsc='a' node='n' score='5'>{lifetime}</rsc_location></constraints>"
            ),
        );
        assert_eq!(
            section(&cib, "constraints"),
            "<constraints><rsc_location id='l' rsc='a'><rule id='l-lifetime' boolean-op='and' score='5'>\
             <expression id='l-lifetime-expr' attribute='#uname' operation='eq' value='n'/>\
             <rule id='t' score='0'><date_expression id='d' operation='gt' start='2000-01-01'/></rule></rule>\
             </rsc_location></constraints>"
        );
    }

    #[test]
    fn constraints_without_rules_lose_their_lifetime_and_it_is_told() {
        let lifetime = "<lifetime><rule id='t' score='0'><date_expression id='d' operation='gt' start='2000-01-01'/></rule></lifetime>";
        let text = format!(
            "<cib validate-with='pacemaker-3.7'><configuration><constraints>\
             <rsc_order id='o' first='a' then='b'>{lifetime}</rsc_order>\
             <rsc_colocation id='c' rsc='a' with-rsc='b'/>\
             <rsc_location id='l' rsc='a' node='n' score='5'>{lifetime}</rsc_location>\
             </constraints></configuration></cib>"
        );
        let cib = Cib::parse(&text).unwrap();
        let told = cib.upgrade_warnings();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("Dropping lifetime element from constraint o because"), "{told:?}");
        let cib = cib.upgraded();
        assert!(section(&cib, "constraints").contains("<rsc_order id='o' first='a' then='b'/>"));
        assert_eq!(cib.upgrade_warnings(), Vec::<String>::new());
    }

    #[test]
    fn ping_nodes_run_nothing() {
        let cib = upgraded("pacemaker-3.7", "<nodes><node id='1' uname='p' type='ping'/></nodes>");
        assert!(section(&cib, "constraints").contains("rsc-pattern='.*' node='p' score='-INFINITY'"));
    }

    #[test]
    fn meta_attributes_without_meaning_vanish() {
        let cib = upgraded(
            "pacemaker-3.7",
            "<resources><primitive id='a'><meta_attributes id='m'><nvpair id='1' name='restart-type' value='restart'/>\
             </meta_attributes><instance_attributes id='i'><nvpair id='2' name='can_fail' value='1'/></instance_attributes>\
             </primitive></resources>",
        );
        assert!(!section(&cib, "resources").contains("restart-type"));
        assert!(section(&cib, "resources").contains("can_fail"));
    }
}
