//! Commands that act on running resources: move, ban, clear, restart, relocate, disable --safe,
//! cleanup, refresh, failcount, debug-start; with what each leaves in the configuration: nothing.

use rhapsody_tests::{Cluster, can_run_live};

fn runs_on(c: &Cluster, resource: &str, node: &str) {
    c.see("n1", &format!("{resource} runs on {node}"), 30, |v| v.running(resource) == [node.to_owned()]);
}

fn constraints(c: &Cluster) -> String {
    c.ok("n1", "rhapsody constraint --full")
}

#[test]
fn resources_are_moved_restarted_and_asked_about() {
    if !can_run_live() {
        return;
    }
    let c = Cluster::start("moving", 2, &[]);
    c.ok("n1", "rhapsody property set stonith-enabled=false");
    for name in ["a", "b", "lone"] {
        c.ok("n1", &format!("rhapsody resource create {name} ocf:rhapsody:Dummy op monitor interval=5s"));
    }
    c.ok("n1", "rhapsody constraint colocation add b with a");
    c.ok("n1", "rhapsody resource defaults update resource-stickiness=100");
    c.ok("n1", "rhapsody status wait 30");
    let from = c.started_elsewhere("n1", "a", "");
    let to = c.other_than(&[&from]);
    let clean = constraints(&c);

    // move: there, and no constraint stays behind
    let moved = c.on("n1", &format!("rhapsody resource move a {to}"));
    assert_eq!(moved.code, 0, "{}", moved.all());
    assert!(moved.stderr.contains(&format!("resource 'a' is running on node '{to}'")), "{}", moved.stderr);
    runs_on(&c, "a", &to);
    runs_on(&c, "b", &to);
    assert_eq!(constraints(&c), clean);
    c.refused("n1", &format!("rhapsody resource move a {to}"), &["already running", &to]);
    c.refused("n1", &format!("rhapsody resource move a {from} --strict"), &["affects resources", "'b'"]);
    c.refused("n1", "rhapsody resource move gone", &["'gone' does not exist"]);
    c.refused("n1", "rhapsody resource move b --strict", &["affects resources", "'a'"]);

    // without stickiness it would go back, so it is not moved at all
    c.ok("n1", &format!("rhapsody constraint location lone prefers {to}=1000"));
    c.ok("n1", "rhapsody status wait 30");
    runs_on(&c, "lone", &to);
    c.refused("n1", "rhapsody resource move lone", &["will stay on the same node", "move-with-constraint"]);
    runs_on(&c, "lone", &to);
    assert!(!constraints(&c).contains("cli-"), "{}", constraints(&c));

    // ban and clear
    c.ok("n1", &format!("rhapsody resource ban lone {to} --wait=30"));
    runs_on(&c, "lone", &from);
    assert!(constraints(&c).contains(&format!("cli-ban-lone-on-{to}")));
    c.ok("n1", "rhapsody resource clear lone --wait=30");
    runs_on(&c, "lone", &to);

    // relocate: back to the node it likes better than its stickiness lets it
    c.ok("n1", "rhapsody resource meta lone resource-stickiness=5000");
    c.ok("n1", &format!("rhapsody resource move-with-constraint lone {from} --wait=30"));
    c.ok("n1", "rhapsody resource clear lone --wait=30");
    runs_on(&c, "lone", &from);
    let plan = c.ok("n1", "rhapsody resource relocate dry-run lone");
    assert_eq!(plan, format!("lone: {from} -> {to}\n"));
    c.ok("n1", "rhapsody resource relocate run lone");
    runs_on(&c, "lone", &to);
    assert!(!constraints(&c).contains("pcs-relocate"), "{}", constraints(&c));

    // restart: stopped and started, wherever, and the configuration is as it was
    let config = c.ok("n1", "rhapsody resource config");
    let restarted = c.on("n1", "rhapsody resource restart a");
    assert_eq!(restarted.code, 0, "{}", restarted.all());
    assert!(restarted.stderr.contains("a successfully restarted"), "{}", restarted.stderr);
    assert_eq!(c.ok("n1", "rhapsody resource config"), config);
    c.refused("n1", &format!("rhapsody resource restart a {to}"), &["clone or bundle"]);
    let at = c.started_elsewhere("n1", "a", "");
    let away = c.other_than(&[&at]);

    // disable --safe: not when something else would stop
    c.refused("n1", "rhapsody resource disable --safe a", &["'b'", "other resources"]);
    let brief = c.refused("n1", "rhapsody resource safe-disable a --brief", &["'b'"]);
    assert_eq!(brief.stderr.lines().count(), 1, "{}", brief.stderr);
    assert_eq!(c.ok("n1", "rhapsody resource disable --simulate --brief a"), "b\n");
    runs_on(&c, "a", &at);
    c.ok("n1", "rhapsody resource disable --safe b --wait=30");
    c.see("n1", "b is stopped", 10, |v| v.running("b").is_empty());
    c.refused("n1", "rhapsody resource restart b", &["not running"]);
    c.refused("n1", "rhapsody resource move b", &["stopped resource"]);
    c.ok("n1", "rhapsody resource enable b --wait=30");
    runs_on(&c, "b", &at);

    // debug-start: the agent itself, here; then failures are counted, shown and forgotten
    let debug = c.ok(&at, "rhapsody resource debug-monitor a");
    assert!(debug.contains("Operation force-monitor for a (ocf:rhapsody:Dummy) returned 0 (ok)"), "{debug}");
    assert_eq!(c.on(&away, "rhapsody resource debug-monitor a").code, 7);
    assert_eq!(c.ok("n1", "rhapsody resource failcount show a"), "No failcounts for resource 'a'\n");
    c.ok(&at, "rhapsody resource debug-stop a");
    rhapsody_tests::until("the failure is counted", std::time::Duration::from_secs(20), || {
        let shown = c.ok("n1", "rhapsody resource failcount show a");
        if shown == format!("Failcounts for resource 'a'\n  {at}: 1\n") { Ok(()) } else { Err(shown) }
    });
    c.ok("n1", "rhapsody resource cleanup a");
    rhapsody_tests::until("the failure is forgotten", std::time::Duration::from_secs(10), || {
        let shown = c.ok("n1", "rhapsody resource failcount show a");
        if shown.starts_with("No failcounts") { Ok(()) } else { Err(shown) }
    });
    c.ok("n1", "rhapsody resource refresh a");
    runs_on(&c, "a", &at);
}
