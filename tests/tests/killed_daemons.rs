//! SIGKILL of each daemon, on the DC and elsewhere, also while a start is under way: no resource
//! stops, none is started twice, and status is right again within two seconds.

use rhapsody_tests::{Cluster, can_run_live};

/// An agent whose start takes three seconds and which counts its calls.
const SLOW: &str = r#"#!/bin/sh
# OCF agent for tests: slow to start, counts starts and stops
state="/run/slow-$OCF_RESOURCE_INSTANCE"
case "$1" in
start) echo start >> /run/slow-calls; [ -e "$state" ] && exit 0; sleep 3; : > "$state"; exit 0 ;;
stop) echo stop >> /run/slow-calls; rm -f "$state"; exit 0 ;;
monitor) [ -e "$state" ] && exit 0; exit 7 ;;
meta-data) cat <<META
<?xml version="1.0"?>
<resource-agent name="Slow" version="1.0"><version>1.1</version><longdesc lang="en">Test agent</longdesc>
<shortdesc lang="en">Test agent</shortdesc><parameters/>
<actions><action name="start" timeout="20s"/><action name="stop" timeout="20s"/><action name="monitor" timeout="20s" interval="10s"/><action name="meta-data" timeout="5s"/></actions>
</resource-agent>
META
exit 0 ;;
*) exit 3 ;;
esac
"#;

fn install_agent() -> std::path::PathBuf {
    let folder = std::path::PathBuf::from("/usr/lib/ocf/resource.d/rhapsody-slow");
    std::fs::create_dir_all(&folder).expect("root may write agents");
    std::fs::write(folder.join("Slow"), SLOW).expect("agent");
    std::fs::set_permissions(folder.join("Slow"), std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .expect("mode");
    folder
}

/// The pid of one daemon on a node, as the node counts: `pcsd`, `executor` or `node`.
fn pid(c: &Cluster, node: &str, daemon: &str) -> String {
    let find = match daemon {
        "pcsd" => "pgrep -x rhapsody-pcsd | head -n 1",
        // the node process says so in its command line; the executor is the other one
        "node" => "pgrep -f 'rhapsody-core node' | head -n 1",
        _ => {
            "for p in $(pgrep -x rhapsody-core); do tr '\\0' ' ' < /proc/$p/cmdline | grep -q 'rhapsody-core node' || echo $p; done | head -n 1"
        }
    };
    let found = c.ok(node, find).trim().to_owned();
    assert!(!found.is_empty(), "no {daemon} on {node}");
    found
}

fn kill(c: &Cluster, node: &str, daemon: &str) {
    let victim = pid(c, node, daemon);
    c.ok(node, &format!("kill -9 {victim}"));
}

#[test]
fn no_daemon_takes_a_resource_with_it() {
    if !can_run_live() {
        return;
    }
    let folder = install_agent();
    let c = Cluster::start("killed", 3, &[]);
    c.ok("n1", "rhapsody property set stonith-enabled=false");
    c.ok("n1", "rhapsody resource create slow ocf:rhapsody-slow:Slow --wait=30");
    let view = c.see("n1", "slow runs", 30, |v| v.running("slow").len() == 1);
    let holder = view.running("slow")[0].clone();
    let dc = view.dc.expect("a DC");
    let calls = c.ok(&holder, "cat /run/slow-calls");

    let mut nodes = vec![holder.clone(), dc.clone(), c.other_than(&[&holder, &dc])];
    nodes.dedup();
    for node in &nodes {
        for daemon in ["pcsd", "node", "executor"] {
            kill(&c, node, daemon);
            let witness = c.other_than(&[node.as_str()]);
            c.see(&witness, &format!("all is well after {daemon} of {node} died"), 5, |v| {
                v.all_online(3) && v.running("slow") == std::slice::from_ref(&holder)
            });
            assert_eq!(c.ok(&holder, "cat /run/slow-calls"), calls, "after {daemon} of {node} died");
        }
    }

    // a start of three seconds is under way when the executor or the node process dies
    for daemon in ["node", "executor"] {
        c.ok("n1", "rhapsody resource disable slow --wait=30");
        for n in c.nodes() {
            c.ok(n, "rm -f /run/slow-calls");
        }
        c.ok("n1", "rhapsody resource enable slow");
        let starting = rhapsody_tests::until("the start begins", std::time::Duration::from_secs(10), || {
            let began = |n: &&String| c.on(n, "cat /run/slow-calls").stdout.contains("start");
            c.nodes().iter().find(began).cloned().ok_or_else(|| "no start yet".to_owned())
        });
        kill(&c, &starting, daemon);
        let witness = c.other_than(&[&starting]);
        c.see(&witness, &format!("slow runs after {daemon} died during its start"), 20, |v| {
            v.all_online(3) && v.running("slow") == std::slice::from_ref(&starting)
        });
        let mut starts = 0;
        for n in c.nodes() {
            starts += c.on(n, "cat /run/slow-calls").stdout.matches("start").count();
        }
        assert_eq!(starts, 1, "started once although {daemon} died");
    }
    let _ = std::fs::remove_dir_all(folder);
}
