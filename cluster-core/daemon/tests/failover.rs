//! Resources on whole cores: where they run, how often they are started, and that nobody's death
//! but that of their node moves them.
//!
//! The agent `ocf:test:record` writes a line for each start and stop, with the node and the time of
//! the monotonic clock.

mod support;

use rhapsody_api::core::{Request, Response};
use std::path::{Path, PathBuf};
use std::time::Duration;
use support::{Cluster, until};

const AGENT: &str = r#"#!/bin/sh
# One state file for each node, one log for all.
state="$HA_RSCTMP/record-$OCF_RESOURCE_INSTANCE"
now() { cut -d' ' -f1 /proc/uptime; }
case "$1" in
start)
    echo "starting $OCF_RESKEY_CRM_meta_on_node $(now)" >> "$OCF_RESKEY_log"
    [ -z "$OCF_RESKEY_delay" ] || sleep "$OCF_RESKEY_delay"
    touch "$state"
    echo "started $OCF_RESKEY_CRM_meta_on_node $(now)" >> "$OCF_RESKEY_log" ;;
stop)
    [ ! -e "$state" ] || echo "stopped $OCF_RESKEY_CRM_meta_on_node $(now)" >> "$OCF_RESKEY_log"
    rm -f "$state" ;;
monitor)
    [ -e "$state" ] || exit 7 ;;
meta-data)
    echo '<resource-agent name="record"><actions><action name="start"/></actions></resource-agent>' ;;
*) exit 3 ;;
esac
exit 0
"#;

fn install(cluster: &Cluster, nodes: usize) -> PathBuf {
    for node in 1..=nodes {
        let folder = cluster.root(node).join("usr/lib/ocf/resource.d/test");
        std::fs::create_dir_all(&folder).unwrap();
        let agent = folder.join("record");
        std::fs::write(&agent, AGENT).unwrap();
        std::fs::set_permissions(&agent, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    cluster.root(1).with_file_name("log")
}

fn lines(log: &Path) -> Vec<(String, String, f64)> {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let line = |line: &str| {
        let mut words = line.split(' ').map(str::to_owned);
        Some((words.next()?, words.next()?, words.next()?.parse().ok()?))
    };
    text.lines().filter_map(line).collect()
}

/// The node where it was started last, once that is so.
fn started_on(log: &Path) -> Option<usize> {
    let lines = lines(log);
    let (what, node, _) = lines.last()?;
    (what == "started").then(|| node[1..].parse().unwrap())
}

fn create(cluster: &Cluster, log: &Path, delay: &str, interval: &str) {
    let edit = |cib: &mut rhapsody_cib::Cib| {
        let section = cib.crm_config_mut();
        let set = cib.child(section, "cluster_property_set").unwrap();
        let pair = cib.append(set, "nvpair");
        for (name, value) in [("id", "stonith"), ("name", "stonith-enabled"), ("value", "false")] {
            cib.set_attr(pair, name, value);
        }
        let resources = cib.resources_mut();
        let primitive = cib.append(resources, "primitive");
        for (name, value) in [("id", "r"), ("class", "ocf"), ("provider", "test"), ("type", "record")] {
            cib.set_attr(primitive, name, value);
        }
        let attributes = cib.append(primitive, "instance_attributes");
        cib.set_attr(attributes, "id", "r-a");
        let log = log.display().to_string();
        for (name, value) in [("log", log.as_str()), ("delay", delay)] {
            let pair = cib.append(attributes, "nvpair");
            for (attribute, value) in [("id", format!("r-{name}").as_str()), ("name", name), ("value", value)]
            {
                cib.set_attr(pair, attribute, value);
            }
        }
        let operations = cib.append(primitive, "operations");
        let monitor = cib.append(operations, "op");
        for (name, value) in [("id", "r-m"), ("name", "monitor"), ("interval", interval)] {
            cib.set_attr(monitor, name, value);
        }
    };
    until(|| cluster.cib(1).property("cluster-name").map(|_| ()));
    until(|| cluster.change(1, edit).ok());
}

fn online(cluster: &Cluster, node: usize) -> usize {
    match cluster.try_ask(node, Request::Members) {
        Ok(Response::Members { members, .. }) => members.iter().filter(|member| member.online).count(),
        _ => 0,
    }
}

fn start_all(cluster: &mut Cluster, nodes: usize) {
    for node in 1..=nodes {
        cluster.start(node);
    }
    for node in 1..=nodes {
        until(|| (online(cluster, node) == nodes).then_some(()));
    }
}

fn dc(cluster: &Cluster, node: usize) -> Option<usize> {
    match cluster.try_ask(node, Request::Members) {
        Ok(Response::Members { dc, .. }) => dc?[1..].parse().ok(),
        _ => None,
    }
}

fn uptime() -> f64 {
    let text = std::fs::read_to_string("/proc/uptime").unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

#[test]
fn a_service_survives_the_death_of_its_node() {
    let mut cluster = Cluster::new(11, 3, 1000);
    let log = install(&cluster, 3);
    start_all(&mut cluster, 3);
    create(&cluster, &log, "", "10s");
    let first = until(|| started_on(&log));
    // Not the coordinator first, then the coordinator.
    for round in 0..2 {
        let node = until(|| started_on(&log));
        let before = uptime();
        cluster.crash(node);
        let next = until(|| started_on(&log).filter(|next| *next != node));
        let outage = lines(&log).last().unwrap().2 - before;
        println!("round {round}: n{node} died, n{next} took over after {:.0} ms", outage * 1000.0);
        assert!(outage < 3.0, "took {outage} s");
        cluster.start(node);
        until(|| (online(&cluster, next) == 3).then_some(()));
    }
    let _ = first;
    // Come back empty-handed: nobody runs it twice.
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(lines(&log).iter().filter(|line| line.0 == "started").count(), 3, "{:?}", lines(&log));
}

/// A start of three seconds is in flight while node processes and executors are killed, on the
/// coordinator and elsewhere: it is started once and never stopped.
#[test]
fn killed_daemons_disturb_no_start_in_flight() {
    let mut cluster = Cluster::new(12, 3, 1000);
    let log = install(&cluster, 3);
    start_all(&mut cluster, 3);
    create(&cluster, &log, "3", "1s");
    until(|| lines(&log).first().map(|_| ()));
    let node: usize = lines(&log)[0].1[1..].parse().unwrap();
    let dc = until(|| dc(&cluster, node));
    let other = (1..=3).find(|n| *n != node && *n != dc).unwrap();
    for (victim, half) in
        [(node, "node.pid"), (node, "core.pid"), (dc, "core.pid"), (dc, "node.pid"), (other, "node.pid")]
    {
        let pid = until(|| cluster.process(victim, half));
        support::kill_hard(Some(pid));
        until(|| cluster.process(victim, half).filter(|new| *new != pid));
        until(|| (online(&cluster, victim) == 3).then_some(()));
    }
    until(|| started_on(&log));
    // Several monitors later it is still there, once.
    std::thread::sleep(Duration::from_secs(3));
    let what: Vec<_> = lines(&log).into_iter().map(|line| line.0).collect();
    assert_eq!(what, ["starting", "started"], "{:?}", lines(&log));
    for node in 1..=3 {
        let cib = cluster.cib(node).to_xml();
        assert!(cib.contains("r_start_0") && cib.contains("r_monitor_1000"), "n{node}: {cib}");
        assert!(!cib.contains("r_stop_0"), "n{node}: {cib}");
    }
}

#[test]
fn detached_resources_go_on_and_are_adopted() {
    let mut cluster = Cluster::new(13, 1, 1000);
    let log = install(&cluster, 1);
    start_all(&mut cluster, 1);
    create(&cluster, &log, "", "1s");
    until(|| started_on(&log));
    cluster.ask(1, Request::Wait { timeout_ms: 10_000 });
    cluster.ask(1, Request::Detach);
    until(|| {
        (cluster.process(1, "core.pid").is_none() && cluster.process(1, "node.pid").is_none()).then_some(())
    });
    cluster.start(1);
    until(|| (online(&cluster, 1) == 1).then_some(()));
    until(|| cluster.try_ask(1, Request::Wait { timeout_ms: 10_000 }).ok());
    let what: Vec<_> = lines(&log).into_iter().map(|line| line.0).collect();
    assert_eq!(what, ["starting", "started"]);
    // And an orderly leave stops it.
    cluster.ask(1, Request::Stop);
    until(|| cluster.process(1, "core.pid").is_none().then_some(()));
    assert_eq!(lines(&log).last().unwrap().0, "stopped");
}

#[test]
fn who_leaves_in_order_hands_over_first() {
    let mut cluster = Cluster::new(14, 3, 1000);
    let log = install(&cluster, 3);
    start_all(&mut cluster, 3);
    create(&cluster, &log, "", "10s");
    let node = until(|| started_on(&log));
    let pid = cluster.process(node, "core.pid").unwrap();
    // As systemd would.
    std::process::Command::new("kill").arg(pid.to_string()).status().unwrap();
    let next = until(|| started_on(&log).filter(|next| *next != node));
    until(|| cluster.process(node, "node.pid").is_none().then_some(()));
    let what: Vec<_> = lines(&log).into_iter().map(|line| line.0).collect();
    assert_eq!(what, ["starting", "started", "stopped", "starting", "started"]);
    let gap = lines(&log)[4].2 - lines(&log)[2].2;
    println!("n{node} left, n{next} took over after {:.0} ms", gap * 1000.0);
    until(|| (online(&cluster, next) == 2).then_some(()));
}
