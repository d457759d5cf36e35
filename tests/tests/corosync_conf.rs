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
    rhapsody_tests::until("n2 answers again", std::time::Duration::from_secs(10), || {
        // The one that was told to end may still hold the port.
        c.on("n2", "pidof rhapsody-pcsd || setsid -f rhapsody-pcsd > /dev/null 2>&1");
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

/// What `quorum status` says of a figure.
fn figure(c: &Cluster, node: &str, name: &str) -> String {
    let text = c.ok(node, "rhapsody quorum status");
    let line = text.lines().find(|line| line.starts_with(&format!("{name}:"))).unwrap_or_default();
    line.split_once(':').map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
}

#[test]
fn a_running_cluster_takes_links_votes_and_the_token() {
    if !can_run_live() {
        return;
    }
    let c = Cluster::start("conf-live", 3, &[]);
    c.ok("n1", "rhapsody property set stonith-enabled=false");
    c.ok("n1", "rhapsody resource create r ocf:heartbeat:Dummy --wait=30");
    let before = c.view("n1").expect("a status");

    for node in c.nodes() {
        let number = node.trim_start_matches('n');
        c.ok(node, &format!("ip address add 192.168.9.{number}/24 dev lo"));
    }
    c.ok("n2", "rhapsody quorum update wait_for_all=1 last_man_standing=1");
    assert!(figure(&c, "n3", "Flags").contains("LastManStanding"));
    assert!(figure(&c, "n1", "Flags").contains("WaitForAll"));
    c.ok("n1", "rhapsody cluster config update totem token=700");
    c.ok("n3", "rhapsody cluster link add n1=192.168.9.1 n2=192.168.9.2 n3=192.168.9.3 options linknumber=2");
    c.ok("n1", "rhapsody cluster link remove 2");
    assert!(conf(&c).contains("config_version: 4"));

    // Nobody was lost, nothing was stopped, and no node began a new life.
    let after = c.view("n2").expect("a status");
    assert!(after.all_online(3) && after.active == before.active, "{after:?}");
    assert_eq!(after.failed_actions, 0);
    for node in c.nodes() {
        let journal = c.ok(node, "cat /var/log/rhapsody/journal.jsonl");
        assert_eq!(journal.matches("\"code\":\"started\"").count(), 1, "{node}: {journal}");
        assert_eq!(journal.matches("\"taken\":true").count(), 4, "{node}: {journal}");
        assert!(!journal.contains("\"code\":\"peer_suspected\""), "{node}: {journal}");
    }

    // A file that somebody changed by hand is no newer one; sending it to all makes it one.
    c.ok("n2", "sed -i 's/token: 700/token: 800/' /etc/corosync/corosync.conf");
    c.refused("n2", "rhapsody cluster reload corosync", &["config_version", "cluster sync corosync"]);
    c.ok("n2", "rhapsody cluster sync corosync");
    assert!(conf(&c).contains("token: 800"));
    c.ok("n2", "rhapsody cluster reload corosync");
    c.ok("n1", "sed -i 's/cipher: aes256/cipher: none/' /etc/corosync/corosync.conf");
    c.refused("n1", "rhapsody cluster reload corosync", &["encrypted", "stop it"]);
    c.ok("n2", "rhapsody cluster sync corosync");

    // A node that was away takes the newest file with its first view, whatever it has.
    c.ok("n3", "rhapsody cluster stop && cp /etc/corosync/corosync.conf /run/old.conf");
    c.see("n1", "n3 is gone", 20, |view| view.offline == ["n3"]);
    c.ok("n1", "rhapsody cluster config update totem token=900");
    c.ok("n3", "cp /run/old.conf /etc/corosync/corosync.conf && rhapsody cluster start --wait=60");
    c.see("n3", "n3 is back", 30, |view| view.all_online(3));
    assert!(conf(&c).contains("token: 900"));
}

#[test]
fn votes_are_set_and_waiting_is_ended_by_hand() {
    if !can_run_live() {
        return;
    }
    let c = Cluster::boot("conf-votes", 3);
    c.authenticate();
    c.set_up("linuxha", &["quorum", "wait_for_all=1"]);
    c.refused("n1", "rhapsody quorum unblock --force", &["not running"]);
    c.ok("n1", "rhapsody cluster start n1 n2");
    rhapsody_tests::until("two nodes wait for the third", std::time::Duration::from_secs(30), || {
        let text = c.on("n1", "rhapsody quorum status").all();
        let met = text.contains("Total votes:      2") && text.contains("Quorate:          No");
        if met { Ok(()) } else { Err(text) }
    });
    c.refused("n1", "rhapsody quorum unblock < /dev/null", &["data corruption"]);
    c.ok("n1", "rhapsody quorum unblock --force");
    c.see("n2", "the two go on", 20, |view| view.quorate);
    c.refused("n1", "rhapsody quorum unblock --force", &["not waiting"]);
    c.ok("n1", "rhapsody quorum expected-votes 9");
    c.see("n2", "nine votes are too many", 20, |view| !view.quorate);
    assert_eq!(figure(&c, "n1", "Expected votes"), "9");
    c.ok("n2", "rhapsody quorum expected-votes 2");
    c.see("n1", "two are enough", 20, |view| view.quorate);
    c.refused("n1", "rhapsody quorum expected-votes none", &["none"]);
}

#[test]
fn nodes_come_and_go_while_the_cluster_runs() {
    if !can_run_live() {
        return;
    }
    let c = Cluster::boot("conf-nodes", 3);
    c.authenticate();
    let host = |node: &str| format!("{node} addr={}", c.address(node));
    c.ok("n1", &format!("rhapsody cluster setup linuxha {} {} --start --wait=60", host("n1"), host("n2")));
    c.ok("n1", "rhapsody property set stonith-enabled=false");
    c.ok("n1", "rhapsody resource create r ocf:heartbeat:Dummy --wait=30");
    let before = c.view("n1").expect("a status").active;

    let dry = c.ok("n1", &format!("rhapsody cluster node add {} --dry-run", host("n3")));
    assert!(dry.contains("+         name: n3") && dry.contains("-     two_node: 1"), "{dry}");
    c.refused("n1", "rhapsody cluster node add n9 addr=10.77.0.19", &["n9", "host auth"]);
    c.refused("n1", "rhapsody cluster node add n3 addr=10.77.0.11", &["10.77.0.11", "already used"]);
    c.ok("n1", &format!("rhapsody cluster node add {} --start --enable --wait=60", host("n3")));
    let view = c.see("n1", "three nodes", 30, |view| view.all_online(3));
    assert_eq!(view.active, before, "nothing moved");
    assert_eq!((figure(&c, "n3", "Expected votes"), figure(&c, "n3", "Quorum")), ("3".into(), "2".into()));
    assert!(conf(&c).contains("name: n3"));
    c.refused("n1", "rhapsody cluster node remove n2 n3", &["loss of the quorum", "--force"]);

    c.ok("n3", "rhapsody resource ban r n1 && rhapsody resource ban r n2");
    c.see("n1", "the resource runs on n3", 30, |view| view.running("r") == ["n3"]);
    c.ok("n1", "rhapsody resource clear r");
    c.ok("n1", "rhapsody cluster node remove n3");
    let view = c.see("n2", "the resource is elsewhere", 30, |view| {
        view.all_online(2) && view.running("r").len() == 1
    });
    assert!(view.running("r") != ["n3"] && view.failed_actions == 0, "{view:?}");
    assert!(!c.ok("n1", "rhapsody cluster cib").contains("\"n3\""), "n3 is forgotten");
    assert!(c.ok("n2", "rhapsody quorum status").contains("2Node"));
    assert!(c.on("n3", "ls /etc/corosync/corosync.conf /etc/corosync/authkey").code != 0);
    c.refused("n1", "rhapsody cluster node clear n2", &["n2", "member"]);
    c.ok("n1", "rhapsody cluster node clear n3");

    // It may come again, and a node that is not there can be removed by whoever says so.
    c.ok("n1", &format!("rhapsody cluster node add {} --start --wait=60", host("n3")));
    c.see("n2", "three nodes", 30, |view| view.all_online(3));
    c.must(&["crash", "n3"]);
    c.see("n1", "n3 is lost", 30, |view| view.offline == ["n3"]);
    c.refused("n1", "rhapsody cluster node remove n3", &["n3", "--skip-offline"]);
    c.ok("n1", "rhapsody cluster node remove n3 --skip-offline");
    c.see("n2", "two nodes are all", 30, |view| view.all_online(2));
}
