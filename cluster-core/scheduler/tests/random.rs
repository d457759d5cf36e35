//! Any configuration is planned: no panic, no primitive started in two places.

use proptest::prelude::*;
use rhapsody_scheduler::{Options, schedule_document};
use rhapsody_transition::ActionKind;
use rhapsody_xml::Document;
use std::collections::BTreeMap;
use std::fmt::Write;

const SCORES: [&str; 8] = ["INFINITY", "-INFINITY", "100", "-5", "0", "x", "99999999999", "1"];
const ROLES: [&str; 5] = ["Started", "Stopped", "Promoted", "Unpromoted", "nonsense"];

/// A word of random numbers makes a CIB; every reference may dangle.
fn cib(seed: &[u32]) -> String {
    let mut numbers = seed.iter().copied().cycle();
    let mut pick = |n: u32| numbers.next().unwrap_or(0) % n;
    let nodes = 1 + pick(4);
    let count = 1 + pick(6);
    let mut out = String::from("<cib have-quorum='");
    out += if pick(4) == 0 { "false" } else { "true" };
    out += "' dc-uuid='1'><configuration><crm_config><cluster_property_set id='o'>";
    let _ = write!(out, "<nvpair id='o1' name='stonith-enabled' value='{}'/>", pick(2) == 0);
    let policy = ["stop", "freeze", "ignore", "demote", "suicide"][pick(5) as usize];
    let _ = write!(out, "<nvpair id='o2' name='no-quorum-policy' value='{policy}'/>");
    let strategy = ["default", "utilization", "balanced", "minimal"][pick(4) as usize];
    let _ = write!(
        out,
        "<nvpair id='o3' name='placement-strategy' value='{strategy}'/></cluster_property_set></crm_config><nodes>"
    );
    for n in 1..=nodes {
        let _ = write!(out, "<node id='{n}' uname='n{n}'/>");
    }
    out += "</nodes><resources><primitive id='fence' class='stonith' type='x'/>";
    for r in 0..count {
        let body = format!(
            "<meta_attributes id='r{r}-m'><nvpair id='r{r}-m1' name='target-role' value='{}'/><nvpair id='r{r}-m2' name='allow-migrate' value='{}'/></meta_attributes><operations><op id='r{r}-o' name='monitor' interval='10s' on-fail='{}'/></operations>",
            ROLES[pick(5) as usize],
            pick(2) == 0,
            ["restart", "block", "fence", "stop", "ignore", "standby", "demote"][pick(7) as usize],
        );
        let primitive =
            |id: &str| format!("<primitive id='{id}' class='ocf' provider='p' type='t'>{body}</primitive>");
        match pick(4) {
            0 => out += &primitive(&format!("r{r}")),
            1 => {
                let two = primitive(&format!("r{r}"))
                    + &format!("<primitive id='r{r}b' class='ocf' provider='p' type='t'/>");
                let _ = write!(out, "<group id='g{r}'>{two}</group>");
            }
            k => {
                let _ = write!(
                    out,
                    "<clone id='c{r}'><meta_attributes id='c{r}-m'><nvpair id='c{r}-p' name='promotable' value='{}'/><nvpair id='c{r}-n' name='notify' value='{}'/><nvpair id='c{r}-i' name='interleave' value='{}'/></meta_attributes>{}</clone>",
                    k == 2,
                    pick(2) == 0,
                    pick(2) == 0,
                    primitive(&format!("r{r}"))
                );
            }
        }
    }
    out += "</resources><constraints>";
    for c in 0..pick(8) {
        let (a, b) = (pick(count + 1), pick(count + 1));
        let name = |x: u32, k: u32| ["r", "c", "g"][k as usize].to_owned() + &x.to_string();
        let (a, b) = (name(a, pick(3)), name(b, pick(3)));
        let score = SCORES[pick(8) as usize];
        let _ = match pick(3) {
            0 => write!(out, "<rsc_location id='k{c}' rsc='{a}' node='n{}' score='{score}'/>", pick(5)),
            1 => write!(
                out,
                "<rsc_colocation id='k{c}' rsc='{a}' with-rsc='{b}' score='{score}' rsc-role='{}'/>",
                ROLES[pick(5) as usize]
            ),
            _ => write!(
                out,
                "<rsc_order id='k{c}' first='{a}' then='{b}' kind='{}' first-action='{}'/>",
                ["Mandatory", "Optional", "Serialize", "?"][pick(4) as usize],
                ["start", "stop", "promote", "demote"][pick(4) as usize]
            ),
        };
    }
    out += "</constraints></configuration><status>";
    for n in 1..=nodes {
        let up = pick(4) != 0;
        let (member, crmd, join) =
            if up { ("true", "online", "member") } else { ("false", "offline", "down") };
        let _ = write!(
            out,
            "<node_state id='{n}' uname='n{n}' in_ccm='{member}' crmd='{crmd}' join='{join}' expected='member'><lrm id='{n}'><lrm_resources>"
        );
        for r in 0..count {
            if pick(3) == 0 {
                let task = ["start", "stop", "monitor", "promote", "migrate_to"][pick(5) as usize];
                let rc = [0, 7, 8, 1, 5, 6, 9][pick(7) as usize];
                let _ = write!(
                    out,
                    "<lrm_resource id='r{r}' class='ocf' provider='p' type='t'><lrm_rsc_op id='r{r}_last_0' operation='{task}' interval='0' call-id='{}' rc-code='{rc}' op-status='{}' transition-key='1:1:{}:u'/></lrm_resource>",
                    pick(30),
                    pick(6) as i32 - 1,
                    [0, 7][pick(2) as usize]
                );
            }
        }
        out += "</lrm_resources></lrm></node_state>";
    }
    out + "</status></cib>"
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn is_planned(seed in proptest::collection::vec(any::<u32>(), 10..120)) {
        let text = cib(&seed);
        let doc = Document::parse(&text).unwrap();
        let options = Options { now: 1_790_000_000, show_scores: true, ..Options::default() };
        let one = schedule_document(&doc, &options);
        let two = schedule_document(&doc, &options);
        prop_assert_eq!(&one.transition, &two.transition);
        prop_assert_eq!(&one.scores, &two.scores);
        let mut starts: BTreeMap<String, usize> = BTreeMap::new();
        for a in &one.transition.actions {
            if a.kind == ActionKind::Resource && a.task == "start" {
                let r = a.resource.as_ref().unwrap();
                *starts.entry(r.long_id.clone().unwrap_or_else(|| r.id.clone())).or_default() += 1;
            }
        }
        prop_assert!(starts.values().all(|n| *n == 1), "{:?}\n{}", starts, text);
    }
}
