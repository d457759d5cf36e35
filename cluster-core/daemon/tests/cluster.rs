//! Whole cores as real processes, on loopback addresses of their own, each with its own root.

mod support;

use rhapsody_api::core::{CoreError, Request, Response};
use rhapsody_client::ClientError;
use serde_json::Value;
use support::{Cluster, until};

fn statistics(cluster: &Cluster, node: usize) -> Value {
    match cluster.ask(node, Request::Statistics) {
        Response::Statistics { values } => values,
        other => panic!("{other:?}"),
    }
}

/// Names of those that are online, as a node sees it.
fn online(cluster: &Cluster, node: usize) -> Vec<String> {
    let Ok(Response::Members { members, .. }) = cluster.try_ask(node, Request::Members) else {
        return vec![];
    };
    members.into_iter().filter(|member| member.online).map(|member| member.name).collect()
}

/// By what a node's CIB is known, once nothing moves.
fn settled_version(cluster: &Cluster, node: usize) -> Response {
    until(|| {
        let version = cluster.ask(node, Request::Version);
        let Response::Version { admin_epoch, epoch, num_updates, .. } = version else {
            panic!("{version:?}")
        };
        let cib = cluster.cib(node).version();
        let is_that_of_the_cib =
            (admin_epoch, epoch, num_updates) == (cib.admin_epoch, cib.epoch, cib.num_updates);
        (is_that_of_the_cib && cluster.ask(node, Request::Version) == version).then_some(version)
    })
}

#[test]
fn cores_find_each_other_and_notice_a_death() {
    let mut cluster = Cluster::new(1, 3, 1000);
    for node in 1..=3 {
        cluster.start(node);
    }
    for node in 1..=3 {
        until(|| (online(&cluster, node) == ["n1", "n2", "n3"]).then_some(()));
    }
    let Response::Members { members, local, .. } = cluster.ask(1, Request::Members) else { panic!() };
    assert_eq!(local, "n1");
    assert_eq!(members[1].addresses, [cluster.address(2)]);
    assert_eq!(members[1].links, [true]);

    let version = settled_version(&cluster, 2);
    let mut events = cluster.client(1).events(0).unwrap();
    cluster.crash(3);
    let view = support::event(&mut events, "view_installed");
    assert!(view.text.contains("n1, n2") && !view.text.contains("n3"), "{}", view.text);
    until(|| (online(&cluster, 2) == ["n1", "n2"]).then_some(()));
    assert_ne!(settled_version(&cluster, 2), version);
    cluster.start(3);
    until(|| (online(&cluster, 1).len() == 3 && online(&cluster, 3).len() == 3).then_some(()));
}

/// Either half of a core may be killed: the other brings it back, and nobody is missed for longer
/// than it takes.
#[test]
fn each_half_brings_the_other_back() {
    let mut cluster = Cluster::new(2, 2, 1000);
    cluster.start(1);
    cluster.start(2);
    until(|| (online(&cluster, 1).len() == 2).then_some(()));
    for half in ["core.pid", "node.pid", "core.pid", "node.pid"] {
        let before = (cluster.process(1, "core.pid"), cluster.process(1, "node.pid"));
        let killed = cluster.process(1, half);
        support::kill_hard(killed);
        until(|| {
            let now = (cluster.process(1, "core.pid"), cluster.process(1, "node.pid"));
            let other_stays = if half == "core.pid" { now.1 == before.1 } else { now.0 == before.0 };
            let both = now.0.is_some() && now.1.is_some();
            (both && now != before && other_stays && online(&cluster, 1).len() == 2).then_some(())
        });
    }
    until(|| (online(&cluster, 2).len() == 2).then_some(()));
}

/// Packets of strangers: another key, another cluster, garbage. They are counted and change nothing.
#[test]
fn strangers_are_dropped_and_counted() {
    let mut cluster = Cluster::new(3, 2, 1000);
    cluster.start(1);
    cluster.start(2);
    until(|| (online(&cluster, 1).len() == 2).then_some(()));
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let target = format!("{}:{}", cluster.address(1), cluster.port());
    socket.send_to(b"hello", &target).unwrap();
    socket.send_to(b"RHAP\x01\x01", &target).unwrap();
    let dropped = |name: &str| statistics(&cluster, 1)["links"]["dropped"][name].as_u64().unwrap();
    until(|| (dropped("bad_magic") == 1 && dropped("truncated") == 1).then_some(()));
    // The second node comes again with another key: the first hears it and does not believe it.
    let mut cluster = cluster;
    cluster.crash(2);
    until(|| (online(&cluster, 1).len() == 1).then_some(()));
    std::fs::write(cluster.root(2).join("etc/corosync/authkey"), [7; 128]).unwrap();
    cluster.start(2);
    until(|| (statistics(&cluster, 1)["links"]["dropped"]["wrong_key"].as_u64().unwrap() > 2).then_some(()));
    until(|| (online(&cluster, 2) == ["n2"]).then_some(()));
    assert_eq!(online(&cluster, 1), ["n1"]);
}

#[test]
fn events_resume_by_number() {
    let mut cluster = Cluster::new(4, 1, 1000);
    cluster.start(1);
    until(|| (online(&cluster, 1).len() == 1).then_some(()));
    let journal = cluster.root(1).join("var/log/rhapsody/journal.jsonl");
    until(|| std::fs::read_to_string(&journal).ok()?.contains("quorum").then_some(()));
    // Once more as a new process: the numbers go on, and what was before can still be had.
    support::kill_hard(cluster.process(1, "node.pid"));
    until(|| (std::fs::read_to_string(&journal).ok()?.matches("\"started\"").count() == 2).then_some(()));
    let mut events = until(|| cluster.try_client(1)).events(1).unwrap();
    let mut numbers = Vec::new();
    while let Some(event) = events.next(std::time::Duration::from_millis(300)).unwrap() {
        numbers.push(event.number);
    }
    assert!(numbers.len() >= 3, "{numbers:?}");
    assert_eq!(numbers, (2..2 + numbers.len() as u64).collect::<Vec<_>>());
}

/// An acknowledged change survives a power cut of everything; a damaged file is set aside, named,
/// and repaired from the peers.
#[test]
fn an_acknowledged_change_survives_a_power_cut() {
    let mut cluster = Cluster::new(5, 3, 1000);
    let all = |cluster: &mut Cluster| {
        for node in 1..=3 {
            cluster.start(node);
        }
        until(|| (online(cluster, 1).len() == 3).then_some(()));
        until(|| cluster.cib(1).have_quorum().then_some(()));
    };
    all(&mut cluster);
    until(|| cluster.set_property(2, "no-quorum-policy", "freeze").ok());
    let Response::Applied { version } = cluster.set_property(3, "cluster-delay", "61s").unwrap() else {
        panic!()
    };
    for node in 1..=3 {
        cluster.crash(node);
    }
    // The newest file of one of them was torn.
    let store = cluster.root(2).join("var/lib/rhapsody/cib");
    let newest = std::fs::read_dir(&store).unwrap().flatten().map(|entry| entry.path());
    let number = |path: &std::path::PathBuf| -> u64 {
        path.file_stem().unwrap().to_str().unwrap().parse().unwrap_or(0)
    };
    let newest = newest.max_by_key(number).unwrap();
    let text = std::fs::read_to_string(&newest).unwrap();
    std::fs::write(&newest, &text[..text.len() / 2]).unwrap();
    all(&mut cluster);
    for node in 1..=3 {
        until(|| {
            let cib = cluster.cib(node);
            let kept = cib.property("no-quorum-policy") == Some("freeze")
                && cib.property("cluster-delay") == Some("61s");
            (kept && cib.version().epoch >= version.epoch).then_some(())
        });
    }
    let journal = std::fs::read_to_string(cluster.root(2).join("var/log/rhapsody/journal.jsonl")).unwrap();
    assert!(journal.contains("config_damaged") && journal.contains("bad-"), "{journal}");
}

/// A full disk below /var/lib/rhapsody: the change is refused, membership does not notice, and the
/// old configuration is there after a restart.
#[test]
fn a_full_disk_refuses_a_change_and_loses_nothing() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: mounting a small file system needs root");
        return;
    }
    let mut cluster = Cluster::new(6, 1, 1000);
    let disk = cluster.root(1).join("var/lib/rhapsody");
    std::fs::create_dir_all(&disk).unwrap();
    // Mounted in a namespace of its own, which ends with the core.
    let script = format!("mount -t tmpfs -o size=400k none '{}' && exec \"$@\"", disk.display());
    cluster.start_under(1, &["unshare", "-m", "--propagation", "private", "sh", "-c", &script, "sh"]);
    until(|| (online(&cluster, 1).len() == 1).then_some(()));
    until(|| cluster.set_property(1, "cluster-delay", "61s").ok());
    let inside = |path: &str| {
        let pid = cluster.process(1, "node.pid").unwrap();
        format!("/proc/{pid}/root{}/{path}", disk.display())
    };
    let ballast = inside("ballast");
    let _ = std::fs::write(&ballast, vec![0; 400 << 10]);
    let refused = cluster.set_property(1, "cluster-delay", "62s").unwrap_err();
    assert!(
        matches!(&refused, ClientError::Core(CoreError::NotDurable { text }) if text.contains("disk")),
        "{refused}"
    );
    assert_eq!(online(&cluster, 1), ["n1"]);
    assert_eq!(cluster.cib(1).property("cluster-delay"), Some("61s"));
    support::kill_hard(cluster.process(1, "node.pid"));
    until(|| (cluster.try_client(1).is_some() && online(&cluster, 1).len() == 1).then_some(()));
    assert_eq!(cluster.cib(1).property("cluster-delay"), Some("61s"));
    std::fs::remove_file(inside("ballast")).unwrap();
    until(|| cluster.set_property(1, "cluster-delay", "63s").ok());
}

/// Everything that n1 ever said to n2 is recorded on the way and, after n2 was restarted, said
/// again: n2 drops it all and stays with the present n1.
#[test]
fn packets_of_an_earlier_run_change_nothing() {
    let mut cluster = Cluster::new(7, 2, 1000);
    let detour = "127.77.7.102";
    let conf = cluster.root(1).join("etc/corosync/corosync.conf");
    let text = std::fs::read_to_string(&conf).unwrap();
    std::fs::write(&conf, text.replace(&format!("{}\n", cluster.address(2)), &format!("{detour}\n")))
        .unwrap();
    let ear = std::net::UdpSocket::bind((detour, cluster.port())).unwrap();
    let mouth = ear.try_clone().unwrap();
    let target = format!("{}:{}", cluster.address(2), cluster.port());
    let (recorded, forward) = (std::sync::Arc::new(std::sync::Mutex::new(Vec::new())), target.clone());
    let record = recorded.clone();
    std::thread::spawn(move || {
        let mut packet = [0; 2048];
        while let Ok((length, _)) = ear.recv_from(&mut packet) {
            record.lock().unwrap().push(packet[..length].to_vec());
            let _ = ear.send_to(&packet[..length], &forward);
        }
    });
    cluster.start(1);
    cluster.start(2);
    until(|| (online(&cluster, 1).len() == 2 && online(&cluster, 2).len() == 2).then_some(()));
    until(|| (recorded.lock().unwrap().len() > 20).then_some(()));
    cluster.crash(2);
    let replayed: Vec<Vec<u8>> = recorded.lock().unwrap().clone();
    cluster.start(2);
    until(|| cluster.try_client(2));
    let replay = || {
        for packet in &replayed {
            mouth.send_to(packet, &target).unwrap();
        }
    };
    // Before hands are shaken, while they are, and after.
    replay();
    until(|| (online(&cluster, 1).len() == 2 && online(&cluster, 2).len() == 2).then_some(()));
    let incarnation = |node| statistics(&cluster, node)["links"]["peers"]["n1"]["incarnation"].as_u64();
    let before = incarnation(2);
    replay();
    let views = statistics(&cluster, 2)["node"]["views_installed"].clone();
    until(|| {
        let dropped = statistics(&cluster, 2)["links"]["dropped"].clone();
        let count = |name: &str| dropped[name].as_u64().unwrap();
        (count("old_view") + count("wrong_key") + count("replay") > 20).then_some(())
    });
    assert_eq!(online(&cluster, 2), ["n1", "n2"]);
    assert_eq!(incarnation(2), before);
    assert_eq!(statistics(&cluster, 2)["node"]["views_installed"], views);
}

/// Three links: the first two work, the address of the third is on no interface. It is waited for,
/// and nobody minds. Then the first carries in one direction only, and they go on over the second.
#[test]
fn links_that_are_down_are_done_without() {
    let mut cluster = Cluster::new(8, 2, 1000);
    let (first, second) = (cluster.address(1), cluster.address(2));
    let rewrite = |cluster: &Cluster, node: usize, edit: &dyn Fn(String) -> String| {
        let conf = cluster.root(node).join("etc/corosync/corosync.conf");
        std::fs::write(&conf, edit(std::fs::read_to_string(&conf).unwrap())).unwrap();
    };
    for node in 1..=2 {
        rewrite(&cluster, node, &|mut text| {
            for (n, address) in [(1, &first), (2, &second)] {
                let line = format!("ring0_addr: {address}\n");
                let more =
                    format!("{line}        ring1_addr: 127.78.8.{n}\n        ring2_addr: 203.0.113.{n}\n");
                text = text.replace(&line, &more);
            }
            text
        });
        cluster.start(node);
    }
    let up = |node, peer: &str| statistics(&cluster, node)["links"]["peers"][peer]["up"].clone();
    until(|| (online(&cluster, 1).len() == 2 && online(&cluster, 2).len() == 2).then_some(()));
    until(|| (up(1, "n2") == serde_json::json!([true, true, false])).then_some(()));
    assert_eq!(statistics(&cluster, 1)["links"]["bound"], serde_json::json!([true, true, false]));
    // n2 hears n1 over the first link, but looks for n1 where nobody is.
    cluster.crash(2);
    rewrite(&cluster, 2, &|text| {
        text.replace(&format!("ring0_addr: {first}\n"), "ring0_addr: 127.77.8.99\n")
    });
    cluster.start(2);
    until(|| (online(&cluster, 1).len() == 2 && online(&cluster, 2).len() == 2).then_some(()));
    until(|| {
        let state = statistics(&cluster, 1)["links"]["peers"]["n2"]["up"].clone();
        (state == serde_json::json!([false, true, false])).then_some(())
    });
    assert_eq!(online(&cluster, 1).len(), 2);
}
