//! The Redis pair: a real redis-server under `ocf:heartbeat:redis`, promotable with notify, a
//! virtual IP with the promoted one; data written through the address survives the promoted node.

use rhapsody_tests::{Cluster, can_run_live, has};

const VIP: &str = "10.77.0.100";

fn cli(c: &Cluster, node: &str, words: &str) -> String {
    c.on(node, &format!("redis-cli -h {VIP} {words}")).stdout.trim().to_owned()
}

#[test]
fn a_redis_pair_keeps_its_data_when_the_promoted_node_dies() {
    if !can_run_live() || !has("redis-server") {
        return;
    }
    if !std::path::Path::new("/usr/lib/ocf/resource.d/heartbeat/redis").exists() {
        println!("SKIPPED: resource-agents is not installed");
        return;
    }
    let c = Cluster::start("redis", 2, &[]);
    c.ok("n1", "rhapsody property set stonith-enabled=false no-quorum-policy=ignore");
    for node in ["n1", "n2"] {
        c.ok(node, "mkdir -p /run/redis /var/lib/redis /var/log/redis && chown redis /run/redis /var/lib/redis /var/log/redis");
        c.ok(
            node,
            "mkdir -p /run/redis && printf 'bind 0.0.0.0\\nprotected-mode no\\nport 6379\\ndaemonize yes\\nappendonly yes\\ndir /var/lib/redis\\n' > /run/redis/redis.conf && chown redis /run/redis/redis.conf",
        );
    }
    c.ok("n1", &format!("rhapsody resource create vip ocf:heartbeat:IPaddr2 ip={VIP} cidr_netmask=24 op monitor interval=30s"));
    c.ok(
        "n1",
        "rhapsody resource create redis ocf:heartbeat:redis config=/run/redis/redis.conf rundir=/run/redis \
         op start timeout=300s op monitor interval=5s op monitor role=Master interval=3s op monitor role=Slave interval=15s \
         promotable notify=true",
    );
    c.ok("n1", "rhapsody constraint colocation add vip with master redis-clone INFINITY");
    c.ok("n1", "rhapsody constraint order promote redis-clone then start vip");

    let view = c.see("n1", "one promoted, one replica, the address with the promoted", 60, |v| {
        v.in_role("redis", "Promoted").len() == 1
            && v.in_role("redis", "Unpromoted").len() == 1
            && v.running("vip") == v.in_role("redis", "Promoted")
    });
    let promoted = view.in_role("redis", "Promoted")[0].clone();
    let replica = c.other_than(&[&promoted]);
    rhapsody_tests::until("the replica follows", std::time::Duration::from_secs(30), || {
        let info = c.on(&replica, "redis-cli info replication").stdout;
        if info.contains("role:slave") && info.contains("master_link_status:up") { Ok(()) } else { Err(info) }
    });
    assert_eq!(cli(&c, &replica, "set song rhapsody"), "OK");
    assert_eq!(cli(&c, &replica, "wait 1 5000"), "1");

    c.must(&["crash", &promoted]);
    c.see(&replica, "the replica was promoted and has the address", 60, |v| {
        v.in_role("redis", "Promoted") == std::slice::from_ref(&replica)
            && v.running("vip") == std::slice::from_ref(&replica)
    });
    assert_eq!(cli(&c, &replica, "get song"), "rhapsody");

    // the old one comes back as a replica
    c.must(&["boot", &promoted]);
    c.ok(&promoted, "mkdir -p /run/redis && chown redis /run/redis && printf 'bind 0.0.0.0\\nprotected-mode no\\nport 6379\\ndaemonize yes\\nappendonly yes\\ndir /var/lib/redis\\n' > /run/redis/redis.conf");
    c.ok(&promoted, "rhapsody cluster start");
    c.see(&replica, "the old one is a replica", 60, |v| {
        v.in_role("redis", "Unpromoted") == std::slice::from_ref(&promoted)
            && v.in_role("redis", "Promoted") == std::slice::from_ref(&replica)
    });

    c.ok(&replica, "rhapsody cluster stop --all");
    c.ok(&replica, "rhapsody cluster start --all --wait=60");
    c.see("n1", "promoted again", 60, |v| {
        v.in_role("redis", "Promoted").len() == 1 && v.running("vip").len() == 1
    });
    assert_eq!(cli(&c, "n1", "get song"), "rhapsody");
}
