//! Dry runs, batches and plans on a live cluster: what is tried changes nothing, what is done is
//! done at once.

use rhapsody_tests::{Cluster, can_run_live};

/// `admin_epoch.epoch` of the live configuration.
fn epoch(c: &Cluster) -> String {
    let cib = c.ok("n1", "rhapsody cluster cib");
    let value = |name: &str| {
        let (_, rest) = cib.split_once(&format!(" {name}=\"")).expect("a CIB has versions");
        rest.split('"').next().unwrap_or_default().to_owned()
    };
    format!("{}.{}", value("admin_epoch"), value("epoch"))
}

#[test]
fn what_is_tried_changes_nothing_and_what_is_done_is_done_at_once() {
    if !can_run_live() {
        return;
    }
    let c = Cluster::start("plans", 2, &[]);
    c.ok("n1", "rhapsody property set stonith-enabled=false");

    let before = epoch(&c);
    let tried =
        c.ok("n1", "rhapsody resource create a ocf:heartbeat:Dummy op monitor interval=10s --dry-run");
    assert!(tried.contains("+   primitive a class=ocf"), "{tried}");
    assert!(tried.contains("* Start      a"), "{tried}");
    let tried = c.ok("n1", "rhapsody node standby --dry-run");
    assert!(tried.contains("standby=on"), "{tried}");
    assert_eq!(epoch(&c), before, "a dry run is dry");

    // The third command fails: nothing of the first two is there.
    let failed = c.on("n1", "printf 'resource create a ocf:heartbeat:Dummy\\nresource create b ocf:heartbeat:Dummy\\ntag create t nothing\\n' | rhapsody batch");
    assert_eq!(failed.code, 1);
    assert!(failed.stderr.contains("line 3"), "{}", failed.stderr);
    assert_eq!(epoch(&c), before, "a batch that fails changes nothing");

    c.ok("n1", "printf 'resource create a ocf:heartbeat:Dummy\\nresource create b ocf:heartbeat:Dummy\\nresource group add g a b\\n' | rhapsody batch --wait=30");
    c.see("n1", "the batch runs", 20, |v| v.running("a").len() == 1 && v.running("a") == v.running("b"));

    c.ok("n1", "rhapsody config --output-format json > /tmp/plans.json");
    let answer = c.ok("n1", "rhapsody apply /tmp/plans.json --output-format json");
    assert!(answer.contains("\"changed\": false"), "{answer}");

    c.ok("n1", "rhapsody resource meta g target-role=Stopped --wait=30");
    let plan = c.ok("n1", "rhapsody plan /tmp/plans.json");
    assert!(plan.contains("rhapsody resource meta g -- target-role="), "{plan}");
    assert!(plan.contains("* Start      a"), "{plan}");
    let answer = c.ok("n1", "rhapsody apply /tmp/plans.json --output-format json --wait=30");
    assert!(answer.contains("\"changed\": true"), "{answer}");
    c.see("n1", "what the file says runs again", 20, |v| v.running("a").len() == 1);
    let answer = c.ok("n1", "rhapsody apply /tmp/plans.json --output-format json; rm /tmp/plans.json");
    assert!(answer.contains("\"changed\": false"), "{answer}");
}
