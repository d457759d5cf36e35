//! Generated and broken CIBs, rules, patches and values: no panic, and what must hold holds.
//! A second each in `cargo test`; RHAPSODY_FUZZ_SECONDS=N for N.

use rhapsody_cib::{Cib, Document, Element, RuleContext, Score, duration, ids, nvpair, patch, rules, time};
use std::time::{Duration, Instant};

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        self.0 >> 33
    }

    fn below(&mut self, n: usize) -> usize {
        self.next() as usize % n.max(1)
    }

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }
}

fn for_a_while(test: impl Fn(&mut Random)) {
    let seconds = std::env::var("RHAPSODY_FUZZ_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(1);
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut seed = 0;
    while Instant::now() < end {
        seed += 1;
        let mut random = Random(seed);
        let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| test(&mut random))).is_err();
        assert!(!failed, "seed {seed}");
    }
    eprintln!("{seed} rounds");
}

const SEED: &str = r#"<cib validate-with="pacemaker-2.10" admin_epoch="0" epoch="3" num_updates="1">
<configuration><crm_config><cluster_property_set id="o"><nvpair id="o1" name="no_quorum_policy" value="stop"/></cluster_property_set></crm_config>
<nodes><node id="1" uname="a" type="ping"/></nodes>
<resources><master id="m"><primitive id="p" class="ocf" provider="heartbeat" type="Dummy"><meta_attributes id="pm" score="5">
<rule id="r" boolean-op="or"><date_expression id="d" operation="in_range" start="2020-01-01" end="2030-01-01"><duration id="du" months="3"/></date_expression>
<expression id="e" attribute="x" operation="lt" value="3" type="number"/><date_expression id="d2" operation="date_spec"><date_spec id="ds" hours="9-17" weekdays="-5"/></date_expression></rule>
<nvpair id="n" name="restart-type" value="restart"/></meta_attributes><operations><op id="op" name="start" interval="0" requires="nothing"/></operations></primitive></master></resources>
<constraints><rsc_location id="l" rsc="p"><rule id="r1" score="1"><expression id="e1" attribute="y" operation="defined"/></rule><rule id-ref="r"/>
<lifetime><rule id="r2"><date_expression id="d3" operation="gt" start="2020-01-01"/></rule></lifetime></rsc_location></constraints>
<tags><tag id="t"><obj_ref id="p"/></tag></tags></configuration>
<status><node_state id="1" uname="a"/><!-- c --></status></cib>"#;

/// A few edits, sensible or not; ids may collide.
fn mutate(doc: &mut Document, random: &mut Random) {
    const NAMES: [&str; 12] = [
        "primitive",
        "group",
        "rule",
        "expression",
        "date_expression",
        "nvpair",
        "meta_attributes",
        "lifetime",
        "master",
        "rsc_location",
        "node",
        "x",
    ];
    const ATTRS: [&str; 10] =
        ["id", "id-ref", "name", "value", "score", "operation", "start", "boolean-op", "type", "attribute"];
    const VALUES: [&str; 12] = [
        "a",
        "p",
        "r",
        "",
        "1",
        "-INFINITY",
        "2024-02-30",
        "P1M",
        "gt",
        "date_spec",
        "9999999999999999999",
        "é'\"<",
    ];
    for _ in 0..1 + random.below(8) {
        let all: Vec<Element> = doc.descendants(doc.root()).collect();
        let e = all[random.below(all.len())];
        let keep = ["cib", "configuration"].contains(&doc.name(e));
        match random.below(7) {
            0 | 1 => {
                let position = random.below(doc.children(e).count() + 1);
                let child = doc.insert(e, position, random.pick(&NAMES));
                doc.set_attr(child, "id", random.pick(&VALUES));
            }
            2 | 3 => doc.set_attr(e, random.pick(&ATTRS), random.pick(&VALUES)),
            4 if !keep => doc.remove(e),
            5 if !keep => {
                let target = all[random.below(all.len())];
                if !doc.is_within(target, e) {
                    let position = random.below(doc.children(target).count() + 1);
                    doc.move_to(e, target, position);
                }
            }
            _ if !keep => doc.rename(e, random.pick(&NAMES)),
            _ => {}
        }
    }
}

fn compact(doc: &Document) -> String {
    doc.compact(doc.root())
}

#[test]
fn patches_lead_to_the_new_document() {
    for_a_while(|random| {
        let mut old = Cib::parse(SEED).unwrap();
        mutate(&mut old, random);
        let mut new = old.clone();
        mutate(&mut new, random);
        match patch::diff(&old, &new) {
            None => assert_eq!(compact(&old), compact(&new)),
            Some(text) => {
                let patch = patch::Patch::parse(&text).unwrap();
                let mut applied = old.clone();
                patch.apply_unchecked(&mut applied).unwrap();
                // Versions that are no numbers are made numbers.
                let expected = {
                    let mut expected = new.clone();
                    if expected.version() != applied.version() {
                        expected.set_version(applied.version());
                    }
                    compact(&expected)
                };
                assert_eq!(compact(&applied), expected, "{text}");
                // The same patch may meet any other document.
                let mut other = Cib::parse(SEED).unwrap();
                mutate(&mut other, random);
                let before = other.to_xml();
                if patch.apply_unchecked(&mut other).is_err() {
                    assert_eq!(other.to_xml(), before);
                }
                Document::parse(&other.to_xml()).unwrap();
            }
        }
    });
}

#[test]
fn any_document_can_be_judged_upgraded_and_read() {
    let attr = |name: &str| (name != "x").then_some("1");
    for_a_while(|random| {
        let mut cib = Cib::parse(SEED).unwrap();
        mutate(&mut cib, random);
        cib.problems();
        let upgraded = cib.upgraded().into_owned();
        assert_eq!(compact(&upgraded.upgraded()), compact(&upgraded));
        Document::parse(&upgraded.to_xml()).unwrap();
        let ctx = RuleContext { node_attr: Some(&attr), ..RuleContext::at(random.next() as i64) };
        for e in cib.descendants(cib.root()) {
            rules::evaluate(&cib, e, &ctx);
            nvpair::resolve(&cib, e, "meta_attributes", &ctx);
            rules::expired(&cib, e, ctx.now, 0);
        }
        let id = ids::unique(&cib, "p");
        assert!(!ids::exists(&cib, &id));
    });
}

#[test]
fn any_value_can_be_parsed() {
    let seeds = [
        "2024-01-31T10:00:00+01:30",
        "2024-W05-3",
        "P1Y2M3DT4H5M6S",
        "10min",
        "-INFINITY",
        "1.5",
        "epoch",
        "١٢",
    ];
    for_a_while(|random| {
        for _ in 0..100 {
            let mut chars: Vec<char> = random.pick(&seeds).chars().collect();
            for _ in 0..random.below(4) {
                let at = random.below(chars.len());
                let c = "0123456789TWPZ:+-. YMDHSeé\u{0}".chars().nth(random.below(28)).unwrap_or('x');
                match random.below(3) {
                    0 => chars.insert(at, c),
                    1 if !chars.is_empty() => chars[at] = c,
                    _ if !chars.is_empty() => {
                        chars.remove(at);
                    }
                    _ => {}
                }
            }
            let text: String = chars.into_iter().collect();
            if let Some(seconds) = time::parse(&text, 3600) {
                time::format_utc(seconds);
                time::add(seconds, duration::Duration { months: random.next() as i64, seconds: 5 });
            }
            duration::parse_ms(&text);
            if let Some(score) = Score::parse(&text) {
                assert_eq!(Score::parse(&score.to_string()), Some(score));
            }
            time::civil(random.next() as i64 * 1_000_000, 3600);
        }
    });
}

#[test]
fn broken_patches_change_nothing_or_something_sound() {
    let old = Cib::parse(SEED).unwrap();
    let mut new = old.clone();
    mutate(&mut new, &mut Random(99));
    let text = patch::diff(&old, &new).unwrap();
    for_a_while(|random| {
        let mut doc = Document::parse(&text).unwrap();
        for _ in 0..1 + random.below(3) {
            let all: Vec<Element> = doc.descendants(doc.root()).collect();
            let e = all[random.below(all.len())];
            match random.below(4) {
                0 if e != doc.root() => doc.remove(e),
                1 => doc.set_attr(e, "position", random.pick(&["-1", "0", "99999999999999999999", "3", "x"])),
                2 => doc.set_attr(
                    e,
                    "path",
                    random.pick(&["/", "//", "/cib", "/cib/*", "/cib/status/comment", "//p[", "x"]),
                ),
                _ => doc.set_attr(e, "operation", random.pick(&["move", "delete", "modify", "create", "?"])),
            }
        }
        let mut cib = old.clone();
        let before = cib.to_xml();
        if patch::apply(&mut cib, &doc.to_xml()).is_err() {
            assert_eq!(cib.to_xml(), before);
        }
        let written = cib.to_xml();
        assert_eq!(Document::parse(&written).unwrap().to_xml(), written);
    });
}
