//! With a fence device a lost node is fenced before anything starts elsewhere, and no resource is
//! ever active on two nodes. An agent writes when it was started and stopped, the journal when the
//! fencing was confirmed, both by the machine's one monotonic clock.

use rhapsody_tests::{Cluster, can_run_live};

/// A resource that leaves a line for each start and stop in a file that all nodes share.
fn stamping_agent(log: &str) -> String {
    format!(
        r#"#!/bin/sh
# OCF agent for tests: says when it runs
state="${{HA_RSCTMP:-/run}}/stamp-$OCF_RESOURCE_INSTANCE"
stamp() {{ echo "$(cut -d' ' -f1 /proc/uptime) $1 $(uname -n)" >> {log}; }}
case "$1" in
start) [ -e "$state" ] || {{ : > "$state"; stamp start; }}; exit 0 ;;
stop) [ ! -e "$state" ] || {{ rm -f "$state"; stamp stop; }}; exit 0 ;;
monitor) [ -e "$state" ] && exit 0; exit 7 ;;
meta-data) cat <<META
<?xml version="1.0"?>
<resource-agent name="Stamp" version="1.0"><version>1.1</version><longdesc lang="en">Test agent</longdesc>
<shortdesc lang="en">Test agent</shortdesc><parameters/>
<actions><action name="start" timeout="20s"/><action name="stop" timeout="20s"/><action name="monitor" timeout="20s" interval="10s" depth="0"/><action name="meta-data" timeout="5s"/></actions>
</resource-agent>
META
exit 0 ;;
*) exit 3 ;;
esac
"#
    )
}

#[test]
fn a_lost_node_is_fenced_before_its_resource_starts_elsewhere() {
    if !can_run_live() {
        return;
    }
    let c = Cluster::start("fencing", 3, &[]);
    let log = c.temp("stamps");
    let _ = std::fs::remove_file(&log);
    let folder = "/usr/lib/ocf/resource.d/rhapsody-test";
    std::fs::create_dir_all(folder).expect("root may write agents");
    let agent = format!("{folder}/Stamp");
    std::fs::write(&agent, stamping_agent(&log.display().to_string())).expect("agent");
    std::fs::set_permissions(&agent, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("mode");

    // no device and fencing on: nothing may start, and status says why
    c.ok("n1", "rhapsody resource create stamp ocf:rhapsody-test:Stamp");
    let status = c.ok("n1", "rhapsody status");
    assert!(status.contains("No stonith devices and stonith-enabled is not false"), "{status}");
    assert!(c.view("n1").expect("status").running("stamp").is_empty());

    c.ok("n1", "rhapsody stonith create fence fence_rhapsody_lab pcmk_host_list='n1 n2 n3' --wait");
    let mut holder = c.started_elsewhere("n2", "stamp", "");
    let mut losses = Vec::new();

    for how in ["crash", "cut off"] {
        let witness = c.other_than(&[&holder]);
        match how {
            "crash" => drop(c.must(&["crash", &holder])),
            _ => drop(c.must(&["link", &holder, "down"])),
        }
        let next = c.started_elsewhere(&witness, "stamp", &holder);
        losses.push((holder.clone(), fenced_at_ms(&c, &holder)));
        c.lab(&["link", &holder, "up"]);
        c.lab(&["boot", &holder]);
        c.on(&holder, "rhapsody cluster start");
        c.see(&witness, &format!("{holder} is back after: {how}"), 60, |v| v.all_online(3));
        holder = next;
    }

    no_overlap(&std::fs::read_to_string(&log).expect("the agent wrote its stamps"), &losses);
    let _ = std::fs::remove_dir_all(folder);
    let _ = std::fs::remove_file(&log);
}

/// When the survivors had the confirmation that `victim` is down (the last one in any journal).
fn fenced_at_ms(c: &Cluster, victim: &str) -> u64 {
    let survivors = c.nodes().iter().filter(|n| *n != victim);
    let journals: String = survivors.map(|n| c.ok(n, "cat /var/log/rhapsody/journal.jsonl")).collect();
    let confirmed = journals
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|e| e["code"] == "fence" && e["fields"]["node"] == victim && e["fields"]["result"] == "ok")
        .filter_map(|e| e["mono_ms"].as_u64());
    confirmed.max().unwrap_or_else(|| panic!("no confirmed fencing of {victim} in: {journals}"))
}

/// /proc/uptime has hundredths of a second, cut off: a stamp may be so much too early.
const STAMP_STEP_MS: u64 = 10;

/// Each move of the resource answers one loss, and begins only after the fencing of the lost node
/// was confirmed: that node may have stopped by itself (it lost quorum) or have died without a stop.
fn no_overlap(stamps: &str, losses: &[(String, u64)]) {
    let mut losses = losses.iter();
    let mut held: Option<&str> = None;
    for line in stamps.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let [at, what, node] = words[..] else { panic!("not a stamp: {line:?} in\n{stamps}") };
        let at_ms = (at.parse::<f64>().expect("seconds of /proc/uptime") * 1000.0).round() as u64;
        match (what, held) {
            ("start", Some(before)) => {
                let (victim, fenced_ms) =
                    losses.next().unwrap_or_else(|| panic!("{node} starts what {before} held:\n{stamps}"));
                assert_eq!(victim, before, "{node} starts what {before} held, which was not lost:\n{stamps}");
                assert!(
                    at_ms + STAMP_STEP_MS > *fenced_ms,
                    "started on {node} at {at_ms} ms, but {before} was fenced only at {fenced_ms} ms:\n{stamps}"
                );
                held = Some(node);
            }
            ("start", None) => held = Some(node),
            (_, before) => assert_eq!(before, Some(node), "{node} stops what it does not hold:\n{stamps}"),
        }
    }
    assert!(losses.next().is_none(), "a lost node's resource was not started elsewhere:\n{stamps}");
}

#[test]
#[should_panic(expected = "was fenced only at")]
fn a_start_before_the_fencing_is_noticed() {
    no_overlap("1.00 start n1\n2.00 start n2\n", &[("n1".to_owned(), 2500)]);
}

#[test]
#[should_panic(expected = "starts what n1 held")]
fn an_overlap_without_a_loss_is_noticed() {
    no_overlap("1.00 start n1\n2.00 start n2\n", &[]);
}
