//! Two clusters on one segment ignore each other, also when one of them has the addresses of the
//! other in its configuration: its packets carry the wrong key, are dropped and counted.

use rhapsody_tests::{Cluster, can_run_live};

#[test]
fn strangers_on_the_segment_are_dropped_and_counted() {
    if !can_run_live() {
        return;
    }
    let c = Cluster::boot("strangers", 4);
    for (a, b) in [("n1", "n2"), ("n3", "n4")] {
        let hosts = format!("{a} addr={} {b} addr={}", c.address(a), c.address(b));
        c.ok(a, &format!("rhapsody host auth {hosts} -u hacluster -p rhapsody"));
        c.ok(a, &format!("rhapsody cluster setup linuxha {hosts}"));
        c.ok(a, "rhapsody cluster start --all --wait=60");
    }
    for (a, others) in [("n1", ["n1", "n2"]), ("n3", ["n3", "n4"])] {
        let view = c.see(a, "two nodes each", 30, |v| v.online.len() == 2);
        assert_eq!(view.online, others);
    }

    // n3 is told that n1 belongs to it; it still has its own key
    c.ok("n3", "rhapsody cluster stop --force");
    c.ok("n3", &format!("sed -i 's/{}/{}/' /etc/corosync/corosync.conf", c.address("n4"), c.address("n1")));
    c.ok("n3", "rhapsody cluster start");
    rhapsody_tests::until("n1 counts the stranger's packets", std::time::Duration::from_secs(20), || {
        let links = c.ok("n1", "rhapsody status links");
        let dropped = links.lines().filter(|l| l.contains("dropped")).any(|l| {
            let words: Vec<&str> = l.split_whitespace().collect();
            matches!(words[..], [.., "wrong_key" | "unknown_sender", n] if n != "0")
        });
        if dropped { Ok(()) } else { Err(links) }
    });
    // what is not a packet at all
    c.ok(
        "n3",
        &format!(
            "bash -c 'printf rhapsody > /dev/udp/{}/5405; head -c 1400 /dev/urandom > /dev/udp/{}/5405'",
            c.address("n1"),
            c.address("n1")
        ),
    );
    let view = c.view("n1").expect("status");
    assert_eq!(view.online, ["n1", "n2"]);
    assert!(view.quorate);
}
