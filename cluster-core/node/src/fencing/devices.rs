//! Which device can fence a node, and with which words.

use crate::Cib;
use rhapsody_cib::{Element, RuleContext, duration, nvpair};
use std::collections::BTreeMap;

/// A stonith resource as far as fencing needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Device {
    pub id: String,
    pub agent: String,
    pub params: BTreeMap<String, String>,
}

/// Whether a device fences a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Capable {
    Yes,
    No,
    /// Its own list of machines tells.
    Ask,
}

/// The devices of a CIB, in order. Disabled ones are left out.
pub(crate) fn devices(cib: &Cib, now: i64) -> Vec<Device> {
    let Some(resources) = cib.resources() else { return Vec::new() };
    let context = RuleContext { now, ..RuleContext::default() };
    cib.descendants(resources)
        .filter(|e| cib.name(*e) == "primitive" && cib.attr(*e, "class") == Some("stonith"))
        .filter(|e| !disabled(cib, *e, &context))
        .map(|e| Device {
            id: cib.attr(e, "id").unwrap_or_default().to_owned(),
            agent: cib.attr(e, "type").unwrap_or_default().to_owned(),
            params: nvpair::resolve(cib, e, "instance_attributes", &context)
                .iter()
                .map(|(k, v)| (k.to_string(), v.to_string()))
                .collect(),
        })
        .collect()
}

fn disabled(cib: &Cib, e: Element, context: &RuleContext) -> bool {
    let mut at = Some(e);
    while let Some(e) = at {
        let meta = nvpair::resolve(cib, e, "meta_attributes", context);
        if meta.get("target-role").is_some_and(|role| role.eq_ignore_ascii_case("stopped")) {
            return true;
        }
        at = cib.parent(e);
    }
    false
}

impl Device {
    fn param(&self, name: &str) -> Option<&str> {
        self.params.get(name).map(String::as_str)
    }

    /// `pcmk_host_map`: the name of a node in the device's words.
    fn mapped(&self, node: &str) -> Option<&str> {
        self.param("pcmk_host_map")?
            .split([';', ' ', ','])
            .filter_map(|pair| pair.split_once([':', '=']))
            .find(|(name, _)| name.trim() == node)
            .map(|(_, port)| port.trim())
    }

    /// What the device calls this node.
    pub fn port(&self, node: &str) -> String {
        self.mapped(node).unwrap_or(node).to_owned()
    }

    pub fn can_fence(&self, node: &str) -> Capable {
        let listed = self
            .param("pcmk_host_list")
            .is_some_and(|list| list.split([' ', ',', ';']).any(|name| name.trim() == node));
        let known = listed || self.mapped(node).is_some();
        let is_static =
            self.params.contains_key("pcmk_host_list") || self.params.contains_key("pcmk_host_map");
        match self.param("pcmk_host_check") {
            Some("none") => Capable::Yes,
            Some("static-list") => {
                if known {
                    Capable::Yes
                } else {
                    Capable::No
                }
            }
            Some("dynamic-list") => Capable::Ask,
            Some("status") => Capable::Yes,
            _ if is_static => {
                if known {
                    Capable::Yes
                } else {
                    Capable::No
                }
            }
            _ => Capable::Ask,
        }
    }

    /// Parameters for the agent's standard input.
    pub fn call(&self, action: &str, target: Option<&str>) -> BTreeMap<String, String> {
        let mut params: BTreeMap<String, String> = self
            .params
            .iter()
            .filter(|(name, _)| !name.starts_with("pcmk_") && !name.starts_with("CRM_meta"))
            .filter(|(name, _)| !matches!(name.as_str(), "provides" | "stonith-timeout"))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect();
        let agents_word = self.param(&format!("pcmk_{action}_action")).unwrap_or(action);
        params.insert("action".to_owned(), agents_word.to_owned());
        if let Some(node) = target {
            params.insert("nodename".to_owned(), node.to_owned());
            let argument = self.param("pcmk_host_argument").unwrap_or("port");
            if argument != "none" {
                params.entry(argument.to_owned()).or_insert_with(|| self.port(node));
            }
        }
        params
    }

    pub fn timeout_ms(&self, action: &str, default: u64) -> u64 {
        let own = self.param(&format!("pcmk_{action}_timeout")).and_then(duration::parse_ms);
        own.and_then(|ms| u64::try_from(ms).ok()).filter(|ms| *ms > 0).unwrap_or(default)
    }

    /// `pcmk_delay_base`, for all targets or by node (`n1:5s;n2:0`).
    pub fn delay_ms(&self, node: &str) -> u64 {
        let Some(text) = self.param("pcmk_delay_base") else { return 0 };
        let own = text
            .split([';', ' '])
            .filter_map(|pair| pair.split_once([':', '=']))
            .find(|(name, _)| name.trim() == node)
            .map(|(_, delay)| delay.trim());
        let text = own.unwrap_or(if text.contains(':') || text.contains('=') { "0" } else { text });
        duration::parse_ms(text).and_then(|ms| u64::try_from(ms).ok()).unwrap_or(0)
    }
}

/// The levels for a node: each is a list of devices that must all succeed. Without a topology every
/// device that might is a level of its own.
pub(crate) fn levels(cib: &Cib, devices: &[Device], node: &str) -> Vec<Vec<Device>> {
    let mut by_index: BTreeMap<u32, Vec<Device>> = BTreeMap::new();
    if let Some(topology) = cib.fencing_topology() {
        for e in cib.children_named(topology, "fencing-level") {
            if !names_target(cib, e, node) {
                continue;
            }
            let index = cib.attr(e, "index").and_then(|i| i.parse().ok()).unwrap_or(1);
            let names = cib.attr(e, "devices").unwrap_or_default();
            let found: Vec<Device> = names
                .split(',')
                .filter_map(|id| devices.iter().find(|d| d.id == id.trim()).cloned())
                .collect();
            by_index.entry(index).or_default().extend(found);
        }
    }
    if by_index.is_empty() {
        return devices
            .iter()
            .filter(|d| d.can_fence(node) != Capable::No)
            .map(|d| vec![d.clone()])
            .collect();
    }
    by_index.into_values().filter(|level| !level.is_empty()).collect()
}

fn names_target(cib: &Cib, level: Element, node: &str) -> bool {
    if let Some(target) = cib.attr(level, "target") {
        return target == node;
    }
    let (Some(name), Some(value)) = (cib.attr(level, "target-attribute"), cib.attr(level, "target-value"))
    else {
        // Patterns need a regular expression engine, which is the scheduler's business: a prefix or
        // plain text is understood here.
        return cib.attr(level, "target-pattern").is_some_and(|p| simple_pattern(p, node));
    };
    let Some(nodes) = cib.nodes() else { return false };
    cib.children_named(nodes, "node").filter(|e| cib.attr(*e, "uname") == Some(node)).any(|e| {
        cib.children_named(e, "instance_attributes").any(|set| nvpair::get(cib, set, name) == Some(value))
    })
}

/// `^web.*$`, `.*`, `n1|n2`: literal text with `.*` in it, and alternatives.
fn simple_pattern(pattern: &str, node: &str) -> bool {
    pattern.split('|').any(|one| {
        let one = one.trim_matches(|c| matches!(c, '(' | ')'));
        let (anchored, one) = (one.starts_with('^'), one.trim_start_matches('^'));
        let (ended, one) = (one.ends_with('$'), one.trim_end_matches('$'));
        let parts: Vec<&str> = one.split(".*").collect();
        let mut rest = node;
        for (i, part) in parts.iter().enumerate() {
            let Some(at) = rest.find(part) else { return false };
            if i == 0 && anchored && at != 0 {
                return false;
            }
            rest = &rest[at + part.len()..];
        }
        !ended || rest.is_empty() || parts.last() == Some(&"")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(params: &[(&str, &str)]) -> Device {
        Device {
            id: "f".into(),
            agent: "fence_x".into(),
            params: params.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        }
    }

    #[test]
    fn who_can_be_fenced() {
        for (params, node, want) in [
            (&[("pcmk_host_list", "n1 n2")][..], "n2", Capable::Yes),
            (&[("pcmk_host_list", "n1,n2")][..], "n3", Capable::No),
            (&[("pcmk_host_map", "n1:1;n2:2,3")][..], "n2", Capable::Yes),
            (&[("pcmk_host_check", "none")][..], "n9", Capable::Yes),
            (&[][..], "n1", Capable::Ask),
        ] {
            assert_eq!(device(params).can_fence(node), want, "{params:?}");
        }
    }

    #[test]
    fn what_the_agent_is_told() {
        let d = device(&[("ip", "10.0.0.9"), ("pcmk_host_map", "n1:plug7"), ("pcmk_reboot_action", "off")]);
        let call = d.call("reboot", Some("n1"));
        let text: Vec<String> = call.iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(text, ["action=off", "ip=10.0.0.9", "nodename=n1", "port=plug7"]);
    }

    #[test]
    fn delays_may_be_given_by_node() {
        assert_eq!(device(&[("pcmk_delay_base", "5s")]).delay_ms("n1"), 5000);
        assert_eq!(device(&[("pcmk_delay_base", "n1:5s;n2:0")]).delay_ms("n1"), 5000);
        assert_eq!(device(&[("pcmk_delay_base", "n1:5s;n2:0")]).delay_ms("n3"), 0);
    }

    #[test]
    fn levels_come_from_the_topology_or_from_the_devices() {
        let cib = Cib::parse(
            "<cib><configuration><resources>
            <primitive id='a' class='stonith' type='fence_a'><instance_attributes id='ai'><nvpair id='a1' name='pcmk_host_list' value='n1 n2'/></instance_attributes></primitive>
            <primitive id='b' class='stonith' type='fence_b'/>
            <primitive id='c' class='stonith' type='fence_c'><meta_attributes id='cm'><nvpair id='c1' name='target-role' value='Stopped'/></meta_attributes></primitive>
            </resources><fencing-topology>
            <fencing-level id='l2' target='n1' index='2' devices='b'/><fencing-level id='l1' target='n1' index='1' devices='a,b'/>
            </fencing-topology></configuration></cib>",
        )
        .unwrap();
        let all = devices(&cib, 0);
        let ids = |node| -> Vec<String> {
            let names = |l: Vec<Device>| l.iter().map(|d| d.id.clone()).collect::<Vec<_>>().join("+");
            levels(&cib, &all, node).into_iter().map(names).collect()
        };
        assert_eq!(ids("n1"), ["a+b", "b"]);
        assert_eq!(ids("n2"), ["a", "b"]);
        assert_eq!(ids("n3"), ["b"]);
    }

    #[test]
    fn patterns() {
        for (pattern, node, want) in [
            ("^n.*$", "n1", true),
            ("n[12]", "n1", false),
            ("web.*", "web3", true),
            ("a|b", "b", true),
            ("^a$", "ab", false),
        ] {
            assert_eq!(simple_pattern(pattern, node), want, "{pattern}");
        }
    }
}
