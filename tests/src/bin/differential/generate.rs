//! A CIB from a seed: a few nodes, resources of every common kind, constraints between them, and a
//! history that is unprobed, stopped everywhere, or running somewhere with failures.

use std::fmt::Write;

#[path = "constraints.rs"]
mod constraints;

/// A generated cluster and what is in it.
pub struct Case {
    pub cib: String,
    pub features: Vec<&'static str>,
}

/// SplitMix64: small, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    fn one_in(&mut self, sides: u64) -> bool {
        self.roll(sides) == 0
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.roll(of.len() as u64) as usize]
    }
}

/// The digest of an operation without parameters, as Pacemaker writes it.
const NO_PARAMETERS: &str = "f2317cad3d54cec5d7d7aa7d0bf35cf8";

struct Builder {
    dice: Dice,
    features: Vec<&'static str>,
    nodes: Vec<String>,
    /// Top-level resources that constraints may name.
    tops: Vec<String>,
    promotables: Vec<String>,
    /// Primitives outside clones, for the history.
    singles: Vec<String>,
    /// Primitives of clones, each with its agent.
    cloned: Vec<(String, &'static str)>,
    /// Nodes have so much, resources need so much.
    utilization: bool,
    resources: String,
    constraints: String,
    options: String,
}

pub fn case(seed: u64) -> Case {
    let mut dice = Dice(seed);
    let count = 2 + dice.roll(4);
    let mut b = Builder {
        dice,
        features: Vec::new(),
        nodes: (1..=count).map(|n| format!("node{n}")).collect(),
        tops: Vec::new(),
        promotables: Vec::new(),
        singles: Vec::new(),
        cloned: Vec::new(),
        utilization: false,
        resources: String::new(),
        constraints: String::new(),
        options: String::new(),
    };
    b.options();
    b.resources();
    b.constraints();
    let (nodes, status) = b.nodes_and_status();
    let cib = format!(
        r#"<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="1" num_updates="1" admin_epoch="0" have-quorum="1" dc-uuid="1"><configuration><crm_config><cluster_property_set id="cib-bootstrap-options">{}</cluster_property_set></crm_config><nodes>{nodes}</nodes><resources>{}</resources><constraints>{}</constraints></configuration><status>{status}</status></cib>"#,
        b.options, b.resources, b.constraints
    );
    b.features.sort_unstable();
    b.features.dedup();
    Case { cib, features: b.features }
}

impl Builder {
    fn has(&mut self, feature: &'static str) {
        self.features.push(feature);
    }

    fn option(&mut self, name: &str, value: &str) {
        let _ = write!(self.options, r#"<nvpair id="opt-{name}" name="{name}" value="{value}"/>"#);
    }

    fn options(&mut self) {
        if self.dice.one_in(3) {
            self.has("fencing");
            let all = self.nodes.join(" ");
            let _ = write!(
                self.resources,
                r#"<primitive id="fence" class="stonith" type="fence_xvm"><instance_attributes id="fence-ia"><nvpair id="fence-hosts" name="pcmk_host_list" value="{all}"/></instance_attributes></primitive>"#
            );
        } else {
            self.option("stonith-enabled", "false");
        }
        if self.dice.one_in(6) {
            self.has("asymmetric");
            self.option("symmetric-cluster", "false");
        }
        if self.dice.one_in(10) {
            self.has("maintenance-mode");
            self.option("maintenance-mode", "true");
        }
        if self.dice.one_in(8) {
            self.has("placement-strategy");
            let strategy = *self.dice.pick(&["balanced", "utilization", "minimal"]);
            self.option("placement-strategy", strategy);
            self.utilization = true;
        }
    }

    /// A primitive's element with random meta attributes.
    fn primitive(&mut self, id: &str, roles: bool) -> String {
        let mut meta = String::new();
        let mut add = |name: &str, value: String| {
            let _ = write!(meta, r#"<nvpair id="{id}-m-{name}" name="{name}" value="{value}"/>"#);
        };
        if self.dice.one_in(4) {
            self.features.push("stickiness");
            add("resource-stickiness", (self.dice.roll(4) * 50).to_string());
        }
        if self.dice.one_in(6) {
            self.features.push("migration-threshold");
            add("migration-threshold", (1 + self.dice.roll(3)).to_string());
        }
        if self.dice.one_in(8) {
            self.features.push("priority");
            add("priority", self.dice.roll(10).to_string());
        }
        if self.dice.one_in(10) {
            self.features.push("target-role");
            add("target-role", "Stopped".to_owned());
        }
        if self.dice.one_in(12) {
            self.features.push("unmanaged");
            add("is-managed", "false".to_owned());
        }
        let (provider, agent) = if roles { ("pacemaker", "Stateful") } else { ("pacemaker", "Dummy") };
        let monitor = if roles {
            format!(
                r#"<op id="{id}-m1" name="monitor" interval="10s" role="Promoted"/><op id="{id}-m2" name="monitor" interval="11s" role="Unpromoted"/>"#
            )
        } else {
            format!(r#"<op id="{id}-m1" name="monitor" interval="10s"/>"#)
        };
        let needs = if self.utilization && !self.dice.one_in(3) {
            let amount = 1 + self.dice.roll(3);
            format!(
                r#"<utilization id="{id}-util"><nvpair id="{id}-util-cpu" name="cpu" value="{amount}"/></utilization>"#
            )
        } else {
            String::new()
        };
        format!(
            r#"<primitive id="{id}" class="ocf" provider="{provider}" type="{agent}"><meta_attributes id="{id}-meta">{meta}</meta_attributes>{needs}<operations>{monitor}</operations></primitive>"#
        )
    }

    /// What a clone runs: a primitive, or a group of two.
    fn cloned_part(&mut self, id: &str, group: &str, roles: bool) -> String {
        let agent = if roles { "Stateful" } else { "Dummy" };
        self.cloned.push((id.to_owned(), agent));
        let first = self.primitive(id, roles);
        if !self.dice.one_in(3) {
            return first;
        }
        self.has("cloned group");
        let id = format!("{id}2");
        let second = self.primitive(&id, roles);
        self.cloned.push((id, agent));
        format!(r#"<group id="{group}">{first}{second}</group>"#)
    }

    fn resources(&mut self) {
        for n in 0..1 + self.dice.roll(4) {
            let id = format!("p{n}");
            let xml = self.primitive(&id, false);
            self.resources.push_str(&xml);
            self.tops.push(id.clone());
            self.singles.push(id);
        }
        if self.dice.one_in(2) {
            self.has("group");
            let mut members = String::new();
            for n in 0..2 + self.dice.roll(2) {
                let id = format!("g-{n}");
                members.push_str(&self.primitive(&id, false));
                self.singles.push(id);
            }
            let _ = write!(self.resources, r#"<group id="g">{members}</group>"#);
            self.tops.push("g".to_owned());
        }
        if self.dice.one_in(2) {
            self.has("clone");
            let inner = self.cloned_part("ca", "cg", false);
            let interleave = self.dice.one_in(2);
            let _ = write!(
                self.resources,
                r#"<clone id="c"><meta_attributes id="c-meta"><nvpair id="c-il" name="interleave" value="{interleave}"/></meta_attributes>{inner}</clone>"#
            );
            self.tops.push("c".to_owned());
        }
        if self.dice.one_in(3) {
            self.has("promotable");
            let inner = self.cloned_part("ma", "mg", true);
            let notify = self.dice.one_in(2);
            if notify {
                self.has("notify");
            }
            let _ = write!(
                self.resources,
                r#"<clone id="m"><meta_attributes id="m-meta"><nvpair id="m-p" name="promotable" value="true"/><nvpair id="m-n" name="notify" value="{notify}"/></meta_attributes>{inner}</clone>"#
            );
            self.tops.push("m".to_owned());
            self.promotables.push("m".to_owned());
        }
    }

    /// The nodes, and a status in which each primitive outside clones runs on one node at most.
    fn nodes_and_status(&mut self) -> (String, String) {
        let history = self.dice.roll(3);
        let homes: Vec<(String, usize)> = self
            .singles
            .clone()
            .into_iter()
            .map(|id| (id, self.dice.roll(self.nodes.len() as u64 + 1) as usize))
            .collect();
        // a group runs as a whole: its members share the first one's home
        let group_home = homes.iter().find(|(id, _)| id == "g-0").map(|(_, home)| *home);
        let (mut nodes, mut status) = (String::new(), String::new());
        for (n, name) in self.nodes.clone().into_iter().enumerate() {
            let id = n + 1;
            let mut attributes = String::new();
            if self.dice.one_in(10) {
                self.has("standby");
                let _ = write!(attributes, r#"<nvpair id="n{id}-standby" name="standby" value="on"/>"#);
            }
            let site = *self.dice.pick(&["a", "b"]);
            let _ = write!(attributes, r#"<nvpair id="n{id}-site" name="site" value="{site}"/>"#);
            let room = if self.utilization {
                let amount = 2 + self.dice.roll(7);
                format!(
                    r#"<utilization id="n{id}-util"><nvpair id="n{id}-util-cpu" name="cpu" value="{amount}"/></utilization>"#
                )
            } else {
                String::new()
            };
            let _ = write!(
                nodes,
                r#"<node id="{id}" uname="{name}"><instance_attributes id="n{id}-ia">{attributes}</instance_attributes>{room}</node>"#
            );
            // the first node is the DC and stays up
            if n > 0 && self.dice.one_in(8) {
                self.has("node lost");
                let _ = write!(
                    status,
                    r#"<node_state id="{id}" uname="{name}" in_ccm="false" crmd="offline" join="down" expected="member">"#
                );
            } else {
                let _ = write!(
                    status,
                    r#"<node_state id="{id}" uname="{name}" in_ccm="true" crmd="online" join="member" expected="member">"#
                );
            }
            let mut lrm = String::new();
            if history > 0 {
                self.has(if history == 1 { "stopped" } else { "running" });
                for (rsc, home) in &homes {
                    let home = if rsc.starts_with("g-") { group_home.unwrap_or(*home) } else { *home };
                    self.history(&mut lrm, (rsc, "Dummy"), &name, history == 2 && home == n);
                }
                for (rsc, agent) in self.cloned.clone() {
                    let running = history == 2 && !self.dice.one_in(3);
                    self.history(&mut lrm, (&rsc, agent), &name, running);
                }
            } else {
                self.has("unprobed");
            }
            let scores = self.promotion_scores(id);
            let _ = write!(
                status,
                r#"{scores}<lrm id="{id}"><lrm_resources>{lrm}</lrm_resources></lrm></node_state>"#
            );
        }
        (nodes, status)
    }

    /// What the agents of promotable clones have said about a node.
    fn promotion_scores(&mut self, id: usize) -> String {
        let mut scores = String::new();
        for (rsc, agent) in self.cloned.clone() {
            if agent == "Stateful" && !self.dice.one_in(4) {
                self.has("promotion score");
                let score = *self.dice.pick(&[5, 10, 100]);
                let _ = write!(scores, r#"<nvpair id="s{id}-{rsc}" name="master-{rsc}" value="{score}"/>"#);
            }
        }
        format!(
            r#"<transient_attributes id="{id}"><instance_attributes id="s{id}">{scores}</instance_attributes></transient_attributes>"#
        )
    }

    fn history(&mut self, lrm: &mut String, (rsc, agent): (&str, &str), node: &str, running: bool) {
        let op = |name: &str, interval: u32, call: u32, rc: u32, target: u32| {
            format!(
                r#"<lrm_rsc_op id="{rsc}_{kind}_{interval}" operation_key="{rsc}_{name}_{interval}" operation="{name}" crm-debug-origin="gen" crm_feature_set="3.16.1" transition-key="{call}:1:{target}:11111111-2222-3333-4444-555555555555" transition-magic="0:{rc};{call}:1:{target}:11111111-2222-3333-4444-555555555555" exit-reason="" on_node="{node}" call-id="{call}" rc-code="{rc}" op-status="0" interval="{interval}" last-rc-change="1700000000" exec-time="10" queue-time="0" op-digest="{NO_PARAMETERS}"/>"#,
                kind = if name == "monitor" && rc == 7 && target == 0 { "last_failure" } else { "last" },
            )
        };
        let mut ops = op("monitor", 0, 1, 7, 7);
        if running {
            ops = op("start", 0, 2, 0, 0);
            if self.dice.one_in(6) {
                self.has("failed monitor");
                ops.push_str(&op("monitor", 10000, 4, 7, 0));
            }
        }
        let _ = write!(
            lrm,
            r#"<lrm_resource id="{rsc}" class="ocf" provider="pacemaker" type="{agent}">{ops}</lrm_resource>"#
        );
    }
}
