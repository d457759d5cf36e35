//! Three live nodes: outages of an address, start-up, status, memory.

use crate::{peer, table::Table};
use rhapsody_tests::Cluster;
use std::time::Instant;

const VIP: &str = "10.77.0.100";

/// What a stack must be able to do to be measured; both stacks answer alike.
pub trait Stack {
    /// Starts every node of a cluster that is set up, and creates the address if there is none yet.
    fn start(&self);
    fn stop(&self);
    /// The node that holds the address, once the cluster has settled.
    fn holder(&self) -> String;
    fn standby(&self, node: &str, on: bool);
    fn boot(&self, node: &str);
    fn lab(&self) -> &Cluster;
    /// The command that shows the cluster.
    fn status(&self) -> &'static str;
    /// Names of all daemons of the stack.
    fn daemons(&self) -> &'static [&'static str];
}

pub struct Ours(Cluster);

impl Ours {
    fn new() -> Ours {
        let c = Cluster::boot("bench", 3);
        c.authenticate();
        c.set_up("bench", &[]);
        Ours(c)
    }
}

impl Stack for Ours {
    fn start(&self) {
        self.0.ok("n1", "rhapsody cluster start --all --wait=60");
        if self.0.on("n1", "rhapsody resource config vip").code != 0 {
            self.0.ok("n1", "rhapsody property set stonith-enabled=false");
            self.0.ok("n1", &format!("rhapsody resource create vip ocf:heartbeat:IPaddr2 ip={VIP} cidr_netmask=24 op monitor interval=30s"));
        }
    }

    fn stop(&self) {
        self.0.ok("n1", "rhapsody cluster stop --all");
    }

    fn holder(&self) -> String {
        let witness =
            self.0.nodes().iter().find(|n| self.0.view(n).is_ok()).cloned().unwrap_or_else(|| "n1".into());
        self.0.started_elsewhere(&witness, "vip", "")
    }

    fn standby(&self, node: &str, on: bool) {
        self.0.ok("n1", &format!("rhapsody node {}standby {node}", if on { "" } else { "un" }));
    }

    fn boot(&self, node: &str) {
        self.0.must(&["boot", node]);
        self.0.ok(node, "rhapsody cluster start");
        let witness = self.0.other_than(&[node]);
        self.0.see(&witness, "all three", 60, |v| v.all_online(3));
    }

    fn lab(&self) -> &Cluster {
        &self.0
    }

    fn status(&self) -> &'static str {
        "rhapsody status"
    }

    fn daemons(&self) -> &'static [&'static str] {
        &["rhapsody-core", "rhapsody-pcsd"]
    }
}

/// The figures of one stack.
#[derive(Default)]
struct Figures {
    crash_ms: Vec<f64>,
    move_ms: Vec<f64>,
    start_ms: Vec<f64>,
    status_ms: Vec<f64>,
    memory_mib: Vec<f64>,
}

fn figures(stack: &dyn Stack, runs: usize) -> Figures {
    let mut f = Figures::default();
    let lab = stack.lab();
    stack.start();
    stack.holder();
    for _ in 0..runs {
        // a planned move: the holder goes to standby
        let holder = stack.holder();
        let probe = lab.probe(VIP, 4);
        stack.standby(&holder, true);
        f.move_ms.extend(longest_outage(&probe.finish().stdout));
        stack.standby(&holder, false);
        // a power cut of the holder
        let holder = stack.holder();
        let cut = lab.must(&["probe", VIP, "--duration", "8", "--crash", &holder]);
        f.crash_ms.extend(longest_outage(&cut.stdout));
        stack.boot(&holder);
        // the whole cluster from cold
        stack.stop();
        let begin = Instant::now();
        stack.start();
        stack.holder();
        f.start_ms.push(begin.elapsed().as_secs_f64() * 1000.0);
        for _ in 0..5 {
            f.status_ms.extend(time_inside(lab, "n1", stack.status()));
        }
        f.memory_mib.push(memory_mib(lab, "n1", stack.daemons()));
    }
    f
}

/// Planned moves of an address that is kept by our own agent.
fn native_moves(stack: &Ours, runs: usize) -> Vec<f64> {
    let (lab, address) = (stack.lab(), "10.77.0.101");
    lab.ok("n1", &format!("rhapsody resource create fast ocf:rhapsody:IPaddr2 ip={address} cidr_netmask=24 op monitor interval=30s"));
    let mut times = Vec::new();
    for _ in 0..runs {
        let holder = lab.started_elsewhere("n1", "fast", "");
        let probe = lab.probe(address, 4);
        stack.standby(&holder, true);
        times.extend(longest_outage(&probe.finish().stdout));
        stack.standby(&holder, false);
    }
    times
}

/// `longest outage N ms` of what a probe printed; 0 where no gap was longer than the 25 ms from
/// which it speaks of an outage.
fn longest_outage(text: &str) -> Option<f64> {
    let line = text.lines().rev().find(|l| l.starts_with("longest outage"))?;
    line.split_whitespace().nth(2)?.parse().ok()
}

/// A command inside a node, timed there, so that entering the node does not count.
fn time_inside(lab: &Cluster, node: &str, command: &str) -> Option<f64> {
    let script = format!("s=$(date +%s%N); {command} >/dev/null 2>&1; e=$(date +%s%N); echo $((e-s))");
    let ns: f64 = lab.ok(node, &script).trim().parse().ok()?;
    Some(ns / 1e6)
}

/// Proportional set size of all daemons of a stack on a node, in MiB.
fn memory_mib(lab: &Cluster, node: &str, daemons: &[&str]) -> f64 {
    let script = format!(
        "for n in {}; do for p in $(pgrep -x \"$(echo $n | cut -c1-15)\"); do awk '/^Pss:/{{s+=$2}} END{{print s}}' /proc/$p/smaps_rollup; done; done",
        daemons.join(" ")
    );
    lab.ok(node, &script).lines().filter_map(|l| l.trim().parse::<f64>().ok()).sum::<f64>() / 1024.0
}

pub fn measure(table: &mut Table, runs: usize, ours: bool, peer: bool) {
    if !ours && !peer {
        return;
    }
    let (ours, native_ms) = if ours {
        let stack = Ours::new();
        (figures(&stack, runs), native_moves(&stack, runs))
    } else {
        (Figures::default(), Vec::new())
    };
    let peer = match peer.then(peer::Peer::new).flatten() {
        Some(stack) => figures(&stack, runs),
        None => Figures::default(),
    };
    table.add(
        "crash of the holder, 3 nodes, token 1000: outage",
        "ms",
        "token + 200 ms",
        ours.crash_ms,
        peer.crash_ms,
    );
    table.add("planned move (standby): outage", "ms", "50 ms", ours.move_ms, peer.move_ms);
    table.add("the same with the native agent (ocf:rhapsody:IPaddr2)", "ms", "50 ms", native_ms, Vec::new());
    table.add("start of all nodes until the address is up", "ms", "3000 ms", ours.start_ms, peer.start_ms);
    table.add("status", "ms", "30 ms", ours.status_ms, peer.status_ms);
    table.add("memory of all daemons on a node (PSS)", "MiB", "40 MiB", ours.memory_mib, peer.memory_mib);
}
