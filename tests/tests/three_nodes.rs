//! Three nodes, a virtual IP, and the loss of the node that holds it: by its link and by its power.

use rhapsody_tests::{Cluster, can_run_live};

const VIP: &str = "10.77.0.100";

fn holders(cluster: &Cluster, nodes: &[&str]) -> Vec<String> {
    let holds = |n: &&&str| cluster.on(n, "ip -o address show").stdout.contains(&format!(" {VIP}/24"));
    nodes.iter().filter(holds).map(|n| (*n).to_owned()).collect()
}

#[test]
fn a_virtual_ip_survives_the_loss_of_its_node() {
    if !can_run_live() {
        return;
    }
    let c = Cluster::boot("three", 3);
    c.authenticate();
    let setup = c.ok("n1", &format!("rhapsody cluster setup linuxha {} 2>&1", c.hosts()));
    for step in
        ["Destroying cluster", "Sending 'corosync authkey', 'pacemaker authkey'", "Sending 'corosync.conf'"]
    {
        assert!(setup.contains(step), "no {step:?} in: {setup}");
    }
    c.ok("n1", "rhapsody cluster start --all --wait=60");
    c.ok("n1", "rhapsody cluster enable --all");
    let all = c.see("n2", "three nodes online", 30, |v| v.all_online(3));
    assert!(all.quorate);

    let warned = c.ok("n1", "rhapsody status");
    assert!(warned.contains("No stonith devices and stonith-enabled is not false"), "{warned}");
    c.ok("n1", "rhapsody property set stonith-enabled=false");
    let quiet = c.ok("n1", "rhapsody status");
    assert!(!quiet.contains("No stonith devices"), "{quiet}");

    c.ok(
        "n1",
        &format!("rhapsody resource create vip ocf:heartbeat:IPaddr2 ip={VIP} cidr_netmask=24 op monitor interval=30s --wait"),
    );
    let holder = c.started_elsewhere("n1", "vip", "");
    assert_eq!(holders(&c, &["n1", "n2", "n3"]), std::slice::from_ref(&holder));

    // the cluster interface of the holder goes down: the others go on, the holder stops for want of quorum
    c.must(&["link", &holder, "down"]);
    let witness = c.other_than(&[&holder]);
    let next = c.started_elsewhere(&witness, "vip", &holder);
    let seen = c.view(&witness).expect("the majority answers");
    assert_eq!(seen.offline, std::slice::from_ref(&holder));
    rhapsody_tests::until("the address is there", std::time::Duration::from_secs(10), || {
        let shown = c.ok(&next, "ip -o address show");
        if shown.contains(VIP) { Ok(()) } else { Err(shown) }
    });

    // it comes back: one DC, no address twice
    c.must(&["link", &holder, "up"]);
    c.see(&witness, "all three again", 30, |v| v.all_online(3) && v.running("vip").len() == 1);
    let dcs: std::collections::BTreeSet<_> = ["n1", "n2", "n3"]
        .iter()
        .map(|n| c.see(n, "a DC", 30, |v| v.all_online(3)).dc.expect("all_online has a DC"))
        .collect();
    assert_eq!(dcs.len(), 1, "{dcs:?}");
    assert_eq!(holders(&c, &["n1", "n2", "n3"]).len(), 1);

    // power cut; an enabled node comes back by itself after power on
    let holder = c.started_elsewhere("n1", "vip", "");
    let witness = c.other_than(&[&holder]);
    c.must(&["crash", &holder]);
    c.started_elsewhere(&witness, "vip", &holder);
    c.must(&["boot", &holder]);
    c.see(&witness, "the crashed node is back", 60, |v| v.all_online(3) && v.running("vip").len() == 1);
}
