//! With a fence device a lost node is fenced before anything starts elsewhere, and no resource is
//! ever active on two nodes: an agent writes when it was started and stopped, by one clock.

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

    for how in ["crash", "cut off"] {
        let witness = c.other_than(&[&holder]);
        match how {
            "crash" => drop(c.must(&["crash", &holder])),
            _ => drop(c.must(&["link", &holder, "down"])),
        }
        let next = c.started_elsewhere(&witness, "stamp", &holder);
        let events = c.ok(&witness, "cat /var/log/rhapsody/journal.jsonl");
        assert!(events.contains("fence"), "no fencing in the journal of {witness}: {events}");
        c.lab(&["link", &holder, "up"]);
        c.lab(&["boot", &holder]);
        c.on(&holder, "rhapsody cluster start");
        c.see(&witness, &format!("{holder} is back after: {how}"), 60, |v| v.all_online(3));
        holder = next;
    }

    no_overlap(&std::fs::read_to_string(&log).expect("the agent wrote its stamps"), 2);
    let _ = std::fs::remove_dir_all(folder);
    let _ = std::fs::remove_file(&log);
}

/// A start while another node has not stopped is an overlap, unless that node was fenced: a node
/// that dies writes no stop, so each loss accounts for one missing line.
fn no_overlap(stamps: &str, losses: usize) {
    let mut running: Option<&str> = None;
    let mut missing = 0;
    for line in stamps.lines() {
        let mut words = line.split(' ').skip(1);
        let (what, node) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        match (what, running) {
            ("start", Some(on)) if on != node => {
                missing += 1;
                running = Some(node);
            }
            ("start", _) => running = Some(node),
            ("stop", Some(on)) => {
                assert_eq!(on, node, "{node} stops what runs on {on}:\n{stamps}");
                running = None;
            }
            _ => {}
        }
    }
    assert!(missing <= losses, "{missing} starts without a stop before, {losses} nodes were lost:\n{stamps}");
}
