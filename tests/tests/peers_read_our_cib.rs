//! A CIB taken from a live cluster of ours is read by the real tools: `crm_verify` accepts it,
//! `crm_mon` shows what our status shows, and `crm_simulate` finds nothing left to do.

use rhapsody_tests::{Cluster, View, can_run_live, has};
use std::process::Command;

#[test]
fn the_real_tools_agree_with_our_status() {
    if !can_run_live() || !has("crm_mon") || !has("crm_simulate") || !has("crm_verify") {
        return;
    }
    let c = Cluster::start("peers", 3, &[]);
    c.ok("n1", "rhapsody property set stonith-enabled=false");
    c.ok("n1", "rhapsody resource create vip ocf:heartbeat:IPaddr2 ip=10.77.0.100 cidr_netmask=24 op monitor interval=30s");
    c.ok("n1", "rhapsody resource create a ocf:heartbeat:Dummy op monitor interval=10s");
    c.ok("n1", "rhapsody resource create b ocf:heartbeat:Dummy");
    c.ok("n1", "rhapsody resource group add g a b");
    c.ok("n1", "rhapsody resource create every ocf:heartbeat:Dummy clone");
    c.ok("n1", "rhapsody resource create roles ocf:pacemaker:Stateful op monitor interval=10s role=Promoted op monitor interval=11s role=Unpromoted promotable notify=true");
    c.ok("n1", "rhapsody constraint colocation add vip with g INFINITY");
    c.ok("n1", "rhapsody resource create broken ocf:heartbeat:IPaddr2 ip=not-an-address --force");
    c.ok("n1", "rhapsody node standby n3 --wait=30");
    let ours = c.see("n1", "everything has settled", 40, |v| {
        v.running("g").is_empty()
            && v.running("a").len() == 1
            && v.running("every").len() == 2
            && v.in_role("roles", "Promoted").len() == 1
            && v.failed_actions > 0
    });

    let file = c.temp("cib.xml");
    std::fs::write(&file, c.ok("n1", "rhapsody cluster cib")).expect("temporary file");
    let path = file.to_str().expect("the path is plain");

    let verified = Command::new("crm_verify").args(["-V", "-x", path]).output().expect("crm_verify runs");
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));

    let shown = Command::new("crm_mon")
        .args(["-1", "--output-as=xml", "--inactive"])
        .env("CIB_file", path)
        .output()
        .expect("crm_mon runs");
    let theirs = View::read(&String::from_utf8_lossy(&shown.stdout)).expect("crm_mon writes XML");
    assert_eq!(theirs.active, ours.active);
    assert_eq!((theirs.online, theirs.dc), (ours.online, ours.dc));
    assert_eq!(theirs.failed_actions, ours.failed_actions);

    let planned = Command::new("crm_simulate").args(["-S", "-x", path]).output().expect("crm_simulate runs");
    let text = String::from_utf8_lossy(&planned.stdout).into_owned();
    let summary =
        text.split("Transition Summary:").nth(1).unwrap_or("").split("Executing").next().unwrap_or("");
    let left: Vec<&str> = summary.lines().map(str::trim).filter(|l| l.starts_with('*')).collect();
    assert!(left.is_empty(), "the real scheduler would still: {left:?}\n{text}");
    let _ = std::fs::remove_file(file);
}
