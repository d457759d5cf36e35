//! Generated configurations and histories: planning never panics, ends, and is the same twice.
//! A second in `cargo test`; RHAPSODY_FUZZ_SECONDS=N for N.

use rhapsody_cib::{Cib, Document, Element};
use rhapsody_scheduler::{Options, schedule};
use std::time::{Duration, Instant};

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % n.max(1)
    }

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }
}

const SEED: &str = r##"<cib have-quorum="1" dc-uuid="1" validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0">
<configuration><crm_config><cluster_property_set id="o"><nvpair id="o1" name="stonith-enabled" value="false"/><nvpair id="o2" name="placement-strategy" value="default"/></cluster_property_set></crm_config>
<nodes><node id="1" uname="n1"><utilization id="u1"><nvpair id="u1c" name="cpu" value="2"/></utilization></node><node id="2" uname="n2"/><node id="3" uname="n3"/></nodes>
<resources>
<primitive id="fence" class="stonith" type="fence_x"/>
<primitive id="r" class="ocf" provider="pacemaker" type="remote"><operations><op id="r-m" name="monitor" interval="10"/></operations></primitive>
<primitive id="vm" class="ocf" provider="heartbeat" type="Dummy"><meta_attributes id="vm-m"><nvpair id="vm-1" name="remote-node" value="guest"/><nvpair id="vm-2" name="allow-migrate" value="true"/></meta_attributes></primitive>
<group id="g"><primitive id="a" class="ocf" provider="heartbeat" type="Dummy"><operations><op id="a-m" name="monitor" interval="10"/></operations></primitive><primitive id="b" class="ocf" provider="heartbeat" type="Dummy"/></group>
<clone id="c"><meta_attributes id="c-m"><nvpair id="c-1" name="promotable" value="true"/><nvpair id="c-2" name="notify" value="true"/><nvpair id="c-3" name="interleave" value="true"/></meta_attributes>
<primitive id="p" class="ocf" provider="heartbeat" type="Stateful"><operations><op id="p-m" name="monitor" interval="10" role="Promoted"/><op id="p-n" name="monitor" interval="11" role="Unpromoted"/></operations></primitive></clone>
<bundle id="bu"><docker image="i" replicas="2"/><network ip-range-start="10.0.0.1"/><primitive id="in" class="ocf" provider="heartbeat" type="Dummy"/></bundle>
</resources>
<constraints><rsc_location id="l1" rsc="a" node="n1" score="10"/><rsc_location id="l2" rsc="c"><rule id="ru" role="Promoted" score="5"><expression id="ex" attribute="#uname" operation="eq" value="n2"/></rule></rsc_location>
<rsc_order id="o11" first="g" then="c"/><rsc_order id="o12" first="c" first-action="promote" then="vm"/><rsc_colocation id="k1" rsc="g" with-rsc="c" with-rsc-role="Promoted" score="INFINITY"/>
<rsc_colocation id="k2" score="-5"><resource_set id="s1"><resource_ref id="a"/><resource_ref id="vm"/></resource_set></rsc_colocation><rsc_ticket id="t1" rsc="c" ticket="T" loss-policy="fence"/></constraints>
</configuration>
<status>
<node_state id="1" uname="n1" in_ccm="true" crmd="online" join="member" expected="member"><transient_attributes id="1"><instance_attributes id="st1"><nvpair id="st1-m" name="master-p" value="10"/><nvpair id="st1-f" name="fail-count-a#monitor_10000" value="1"/></instance_attributes></transient_attributes>
<lrm id="1"><lrm_resources><lrm_resource id="a" class="ocf" provider="heartbeat" type="Dummy"><lrm_rsc_op id="a_last_0" operation="start" operation_key="a_start_0" call-id="5" rc-code="0" op-status="0" interval="0" transition-key="1:1:0:x" last-rc-change="1700000000" op-digest="x"/><lrm_rsc_op id="a_last_failure_0" operation="monitor" operation_key="a_monitor_10000" call-id="6" rc-code="7" op-status="0" interval="10000" transition-key="1:1:0:x" last-rc-change="1700000000"/></lrm_resource>
<lrm_resource id="p" class="ocf" provider="heartbeat" type="Stateful"><lrm_rsc_op id="p_last_0" operation="promote" operation_key="p_promote_0" call-id="7" rc-code="0" op-status="0" interval="0" transition-key="1:1:0:x"/></lrm_resource>
<lrm_resource id="vm" class="ocf" provider="heartbeat" type="Dummy"><lrm_rsc_op id="vm_last_0" operation="migrate_to" operation_key="vm_migrate_to_0" call-id="8" rc-code="0" op-status="0" interval="0" transition-key="1:1:0:x" migrate_source="n1" migrate_target="n2"/></lrm_resource></lrm_resources></lrm></node_state>
<node_state id="2" uname="n2" in_ccm="true" crmd="online" join="member" expected="member"><lrm id="2"><lrm_resources><lrm_resource id="p" class="ocf" provider="heartbeat" type="Stateful"><lrm_rsc_op id="p_last_0" operation="start" operation_key="p_start_0" call-id="3" rc-code="0" op-status="0" interval="0" transition-key="1:1:0:x"/></lrm_resource><lrm_resource id="r" class="ocf" provider="pacemaker" type="remote"><lrm_rsc_op id="r_last_0" operation="start" operation_key="r_start_0" call-id="4" rc-code="0" op-status="0" interval="0" transition-key="1:1:0:x"/></lrm_resource></lrm_resources></lrm></node_state>
<node_state id="3" uname="n3" in_ccm="false" crmd="offline" join="down" expected="member"/>
<node_state id="r" uname="r" remote_node="true"/>
</status></cib>"##;

const ATTRS: [&str; 26] = [
    "id",
    "name",
    "value",
    "score",
    "rsc",
    "with-rsc",
    "first",
    "then",
    "operation",
    "rc-code",
    "op-status",
    "interval",
    "call-id",
    "role",
    "uname",
    "in_ccm",
    "crmd",
    "join",
    "expected",
    "transition-key",
    "kind",
    "symmetrical",
    "first-action",
    "rsc-role",
    "id-ref",
    "template",
];
const VALUES: [&str; 44] = [
    "",
    "a",
    "b",
    "g",
    "c",
    "p",
    "p:0",
    "vm",
    "guest",
    "r",
    "fence",
    "n1",
    "n2",
    "T",
    "0",
    "1",
    "-1",
    "7",
    "8",
    "9",
    "193",
    "2",
    "INFINITY",
    "-INFINITY",
    "99999999999999999999",
    "true",
    "false",
    "start",
    "stop",
    "promote",
    "demote",
    "monitor",
    "migrate_from",
    "Promoted",
    "Stopped",
    "Serialize",
    "Optional",
    "clone-max",
    "clone-node-max",
    "target-role",
    "is-managed",
    "stonith-enabled",
    "no-quorum-policy",
    "migration-threshold",
];

fn mutate(doc: &mut Document, random: &mut Random) {
    for _ in 0..1 + random.below(10) {
        let all: Vec<Element> = doc.descendants(doc.root()).collect();
        let e = all[random.below(all.len())];
        let keep = ["cib", "configuration"].contains(&doc.name(e));
        match random.below(8) {
            0..=3 => doc.set_attr(e, random.pick(&ATTRS), random.pick(&VALUES)),
            4 if !keep => doc.remove(e),
            5 | 6 if !keep => {
                let target = all[random.below(all.len())];
                if !doc.is_within(target, e) {
                    let position = random.below(doc.children(target).count() + 1);
                    if random.below(2) == 0 {
                        doc.move_to(e, target, position);
                    } else if all.len() < 400 {
                        doc.duplicate(e, target, position);
                    }
                }
            }
            _ => {
                let attrs: Vec<String> = doc.attrs(e).map(|(n, _)| n.to_owned()).collect();
                if !attrs.is_empty() {
                    let name = attrs[random.below(attrs.len())].clone();
                    doc.set_attr(e, &name, random.pick(&VALUES));
                }
            }
        }
    }
}

#[test]
fn any_configuration_can_be_planned() {
    let seconds = std::env::var("RHAPSODY_FUZZ_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(1);
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut seed = 0;
    while Instant::now() < end {
        seed += 1;
        let mut cib = Cib::parse(SEED).unwrap();
        mutate(&mut cib, &mut Random(seed));
        let plan = || {
            let outcome =
                schedule(&cib, &Options { now: 1_700_001_000, show_scores: true, ..Options::default() });
            (format!("{:?}", outcome.transition), outcome.scores)
        };
        let start = Instant::now();
        let first = std::panic::catch_unwind(plan);
        assert!(first.is_ok(), "seed {seed} panics");
        assert!(start.elapsed() < Duration::from_secs(20), "seed {seed} takes {:?}", start.elapsed());
        assert_eq!(first.ok(), std::panic::catch_unwind(plan).ok(), "seed {seed}: not the same twice");
    }
    eprintln!("{seed} rounds");
}
