//! What goes wrong is said, with exit 1, and changes nothing.

use rhapsody_tests::{Cluster, can_run_live};

#[test]
fn refusals_help_and_change_nothing() {
    if !can_run_live() {
        return;
    }
    let c = Cluster::boot("bad", 3);
    // before there is a cluster
    c.refused("n1", "rhapsody resorce create a Dummy", &["Error", "resource"]);
    c.refused("n1", "rhapsody status", &["Error"]);
    c.refused("n1", &format!("rhapsody host auth {} -u hacluster -p wrong", c.hosts()), &["Error", "n1"]);
    c.refused(
        "n1",
        "rhapsody host auth n9 addr=10.77.0.99 -u hacluster -p rhapsody --request-timeout=2",
        &["Error", "n9"],
    );
    c.refused("n1", &format!("rhapsody cluster setup linuxha {}", c.hosts()), &["Error", "host auth"]);

    c.authenticate();
    c.set_up("linuxha", &[]);
    c.ok("n1", "rhapsody cluster start --all --wait=60");
    c.ok("n1", "rhapsody property set stonith-enabled=false");
    c.refused("n1", &format!("rhapsody cluster setup other {}", c.hosts()), &["Error", "--force"]);

    let before = c.ok("n2", "rhapsody cluster cib --config");
    c.refused("n1", "rhapsody resource create", &["Usage"]);
    c.refused("n1", "rhapsody resource create x ocf:heartbeat:NoSuchAgent", &["Error", "NoSuchAgent"]);
    c.refused("n1", "rhapsody node standby n9", &["Error", "n9"]);
    c.refused("n1", "rhapsody property set no-such-property=1", &["Error", "no-such-property"]);
    c.write("n1", "/tmp/not-a-cib.xml", "<cib><configuration>");
    c.refused("n1", "rhapsody cluster cib-push /tmp/not-a-cib.xml", &["Error"]);
    c.write("n1", "/tmp/other.xml", "<html/>");
    c.refused("n1", "rhapsody cluster cib-push /tmp/other.xml", &["Error"]);
    let dangling = "<constraints><rsc_location id='l' rsc='ghost' node='n1' score='1'/></constraints>";
    c.write("n1", "/tmp/dangling.xml", dangling);
    c.refused("n1", "rhapsody cluster cib-push /tmp/dangling.xml scope=constraints", &["Error", "`ghost`"]);
    c.refused("n1", "rhapsody-pcsd", &["2224"]);
    assert_eq!(c.ok("n2", "rhapsody cluster cib --config"), before);

    // an unreadable key
    c.ok("n3", "rhapsody cluster stop");
    c.ok("n3", "mv /etc/corosync/authkey /etc/corosync/authkey.away");
    c.refused("n3", "rhapsody cluster start", &["Error", "authkey"]);
    c.ok("n3", "mv /etc/corosync/authkey.away /etc/corosync/authkey");
    c.ok("n3", "rhapsody cluster start --wait=30");
    c.see("n1", "three online", 30, |v| v.all_online(3));

    // no quorum: n1 alone may not change anything
    c.must(&["partition", "n1", "/", "n2,n3"]);
    c.see("n1", "n1 is alone", 20, |v| !v.quorate);
    c.refused("n1", "rhapsody property set maintenance-mode=true", &["Error", "quorum"]);
    c.must(&["heal"]);
    c.see("n1", "three online again", 30, |v| v.all_online(3) && v.quorate);
    assert!(!c.ok("n1", "rhapsody cluster cib --config").contains("maintenance-mode"));
}

#[test]
fn a_full_disk_refuses_changes_and_nothing_else() {
    if !can_run_live() {
        return;
    }
    let c = Cluster::boot("full", 2);
    // a small file system under the state of n1 and n2, filled to the brim once the cluster runs
    for node in ["n1", "n2"] {
        c.ok(
            node,
            "mkdir -p /var/lib/rhapsody/cib && mount -t tmpfs -o size=256k tmpfs /var/lib/rhapsody/cib",
        );
    }
    c.authenticate();
    c.set_up("linuxha", &[]);
    c.ok("n1", "rhapsody cluster start --all --wait=60");
    c.ok("n1", "rhapsody property set stonith-enabled=false no-quorum-policy=ignore");
    for node in ["n1", "n2"] {
        c.on(node, "dd if=/dev/zero of=/var/lib/rhapsody/cib/filler bs=4k 2>/dev/null");
    }
    let view = c.see("n1", "both online", 20, |v| v.all_online(2));
    c.refused("n1", "rhapsody property set maintenance-mode=true", &["Error"]);
    let after = c.view("n1").expect("status still answers");
    assert_eq!(after.online, view.online);
    assert!(!c.ok("n1", "rhapsody cluster cib --config").contains("maintenance-mode"));
    for node in ["n1", "n2"] {
        c.ok(node, "rm -f /var/lib/rhapsody/cib/filler");
    }
    c.ok("n1", "rhapsody cluster stop --all");
    c.ok("n1", "rhapsody cluster start --all --wait=60");
    let cib = c.ok("n1", "rhapsody cluster cib --config");
    assert!(cib.contains("no-quorum-policy") && !cib.contains("maintenance-mode"), "{cib}");
}
