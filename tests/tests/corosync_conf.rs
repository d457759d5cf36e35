//! Changes of corosync.conf: on all nodes or on none, and taken by a cluster that runs.

use rhapsody_tests::{Cluster, can_run_live};

fn confs(c: &Cluster) -> Vec<String> {
    c.nodes().iter().map(|node| c.ok(node, "cat /etc/corosync/corosync.conf")).collect()
}

/// The file, which all nodes must have.
fn conf(c: &Cluster) -> String {
    let mut all = confs(c);
    let first = all.remove(0);
    assert!(all.iter().all(|other| *other == first), "the nodes have different files");
    first
}

#[test]
fn a_stopped_cluster_gets_what_a_running_one_cannot_take() {
    if !can_run_live() {
        return;
    }
    let c = Cluster::boot("conf-stopped", 2);
    c.authenticate();
    c.set_up("linuxha", &[]);

    let before = conf(&c);
    let dry = c.ok("n1", "rhapsody cluster rename web --dry-run");
    assert!(dry.contains("-     cluster_name: linuxha") && dry.contains("+     cluster_name: web"), "{dry}");
    assert_eq!(conf(&c), before, "a dry run changes nothing");

    c.ok("n1", "rhapsody cluster rename web");
    c.ok("n2", "rhapsody quorum update wait_for_all=1");
    c.ok("n1", "rhapsody cluster config update totem token=1500");
    let after = conf(&c);
    for line in ["cluster_name: web", "wait_for_all: 1", "token: 1500", "config_version: 3"] {
        assert!(after.contains(line), "no {line:?} in:\n{after}");
    }
    c.refused("n1", "rhapsody quorum update wait_for_all=2", &["wait_for_all"]);
    c.refused("n1", "rhapsody cluster link remove 0", &["no links defined"]);
    assert_eq!(conf(&c), after, "a refusal changes nothing");

    let key = c.ok("n1", "sha256sum < /etc/corosync/authkey");
    c.ok("n1", "rhapsody cluster authkey corosync");
    let new = c.ok("n1", "sha256sum < /etc/corosync/authkey");
    assert!(new != key && new == c.ok("n2", "sha256sum < /etc/corosync/authkey"));
    c.ok("n1", "head -c 8 /dev/zero > /run/short");
    c.refused("n1", "rhapsody cluster authkey corosync /run/short", &["16 to 4096 bytes"]);

    // A node that cannot be asked: nothing, or all the others.
    c.ok("n2", "kill $(pidof rhapsody-pcsd)");
    c.refused("n1", "rhapsody cluster config update totem token=1600", &["n2", "--skip-offline"]);
    assert_eq!(conf(&c), after);
    c.ok("n1", "rhapsody cluster config update totem token=1600 --skip-offline");
    let [first, second] = confs(&c).try_into().expect("two nodes");
    assert!(first.contains("token: 1600") && second == after);
    c.ok("n2", "setsid -f rhapsody-pcsd > /dev/null 2>&1");
    rhapsody_tests::until("n2 answers again", std::time::Duration::from_secs(10), || {
        let out = c.on("n1", "rhapsody pcsd status");
        if out.code == 0 { Ok(()) } else { Err(out.all()) }
    });
    c.ok("n1", "rhapsody cluster sync corosync");
    assert!(conf(&c).contains("token: 1600"));

    c.ok("n1", "rhapsody cluster start --all --wait=60");
    c.refused("n1", "rhapsody cluster rename other", &["must be stopped", "n1", "n2"]);
    c.refused("n1", "rhapsody cluster authkey corosync", &["must be stopped"]);
    c.see("n1", "both nodes", 20, |view| view.all_online(2));

    // Not in order and not brought back; what it ran is nobody's until it is started again.
    c.ok("n2", "rhapsody cluster kill");
    c.see("n1", "n2 is lost", 20, |view| view.offline == ["n2"]);
    c.refused("n2", "rhapsody status", &["not running"]);
    c.ok("n2", "rhapsody cluster start --wait=60");
    c.see("n1", "n2 is back", 30, |view| view.all_online(2));
}
