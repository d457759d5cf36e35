//! `--wait` tells what became of the resources, and whether it is what was asked; clones are
//! restarted node by node; agents run by hand find the cluster's tools; a node that is shut down
//! keeps its resources where shutdown-lock says so.

use rhapsody_tests::{Cluster, can_run_live};

/// The command succeeds, and says this on stderr.
fn tells(c: &Cluster, command: &str, what: &str) {
    let answer = c.on("n1", &format!("rhapsody {command}"));
    assert_eq!(answer.code, 0, "{command}: {}", answer.all());
    assert!(answer.stderr.contains(what), "{command}: {}", answer.stderr);
}

#[test]
fn waiting_tells_what_became_of_a_resource() {
    if !can_run_live() {
        return;
    }
    let c = Cluster::start("awaited", 3, &[]);
    c.ok("n1", "rhapsody property set stonith-enabled=false");

    tells(&c, "resource create a ocf:rhapsody:Dummy --wait=20", "(timeout: 20 seconds)...");
    tells(&c, "resource disable a --wait", "resource 'a' is not running on any node");
    tells(&c, "resource create off ocf:rhapsody:Dummy --disabled --wait", "'off' is not running");
    tells(&c, "resource create many ocf:rhapsody:Dummy clone --wait", "running on nodes 'n1', 'n2', 'n3'");
    tells(&c, "tag create both a off", "");
    tells(&c, "resource enable both --wait", "resource 'a' is running on node 'n");
    tells(&c, "resource group add g a off --wait", "resource 'g' is running on node 'n");

    // what was asked for did not come about: exit code 1, and the change stays
    for node in ["n1", "n2", "n3"] {
        c.ok("n1", &format!("rhapsody resource ban many-clone {node}"));
    }
    c.refused("n1", "rhapsody resource enable many --wait", &["'many' is not running on any node"]);
    tells(&c, "resource clear many-clone --wait", "'many-clone' is running on nodes 'n1', 'n2', 'n3'");

    // one node's instance of a clone, or all
    tells(&c, "resource restart many-clone n2", "many-clone successfully restarted");
    tells(&c, "resource restart many", "successfully restarted");
    c.see("n1", "many runs everywhere again", 10, |v| v.running("many").len() == 3);

    a_node_that_is_shut_down_keeps_its_resource(&c);
    if std::path::Path::new("/usr/lib/ocf/resource.d/pacemaker/Stateful").exists() {
        an_agent_run_by_hand_finds_the_tools(&c);
    }
}

fn a_node_that_is_shut_down_keeps_its_resource(c: &Cluster) {
    c.ok("n1", "rhapsody property set shutdown-lock=true");
    c.ok("n1", "rhapsody resource move-with-constraint g n3 --wait=20");
    c.ok("n1", "rhapsody resource clear g");
    c.ok("n1", "rhapsody resource meta g resource-stickiness=100");
    c.ok("n1", "rhapsody status wait 20");
    c.ok("n3", "rhapsody cluster stop");
    c.see("n1", "n3 has left", 20, |v| !v.all_online(3));
    c.ok("n1", "rhapsody status wait 20");
    let status = c.ok("n1", "rhapsody status --full");
    assert!(status.contains("(LOCKED)"), "{status}");
    c.see("n1", "a is kept for n3", 10, |v| v.running("a").is_empty());
    c.ok("n3", "rhapsody cluster start --wait=30");
    c.see("n1", "a is back on n3", 20, |v| v.running("a") == ["n3"]);
    // with the lock off, it goes elsewhere
    c.ok("n1", "rhapsody property set shutdown-lock=false");
    c.ok("n3", "rhapsody cluster stop");
    c.see("n1", "a runs elsewhere", 20, |v| v.running("a").len() == 1 && v.running("a") != ["n3"]);
    c.ok("n3", "rhapsody cluster start --wait=30");
}

fn an_agent_run_by_hand_finds_the_tools(c: &Cluster) {
    let made = "rhapsody resource create state ocf:pacemaker:Stateful promotable --wait=20";
    let made = c.on("n1", made);
    assert_eq!(made.code, 0, "{}", made.all());
    assert!(made.stderr.contains("resource 'state' is promoted on node 'n"), "{}", made.stderr);
    assert!(made.stderr.contains("; unpromoted on nodes 'n"), "{}", made.stderr);
    let promoted = c.view("n1").expect("status").in_role("state", "Promoted");
    let [at] = promoted.as_slice() else { panic!("{promoted:?}") };
    let debug = c.on(at, "rhapsody resource debug-promote state");
    assert!(debug.stdout.contains("force-promote for state (ocf:pacemaker:Stateful) returned 0 (ok)"));
    // The agent sets its promotion score with crm_attribute: the real one would not find our cluster.
    assert!(!debug.stdout.contains("Could not connect"), "{}", debug.all());
    let scores = c.ok("n1", "rhapsody status --full");
    assert!(scores.contains("master-state"), "{scores}");
}
