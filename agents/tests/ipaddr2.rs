//! The address agent in network namespaces of its own: two machines on a wire.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const VIP: &str = "10.9.0.200";

/// Two namespaces, `a` and `b`, joined by a veth pair; gone with the value.
struct Wire {
    a: Child,
    b: Child,
    dir: PathBuf,
}

impl Wire {
    /// None, and said aloud, where namespaces cannot be made.
    fn new(name: &str) -> Option<Wire> {
        let holder = || {
            let mut c = Command::new("unshare");
            if !rustix::process::geteuid().is_root() {
                return None; // moving a veth between user namespaces needs root
            }
            c.args(["--net", "sleep", "120"]);
            c.stdin(Stdio::null()).stdout(Stdio::null()).spawn().ok()
        };
        let (Some(a), Some(b)) = (holder(), holder()) else {
            // Straight to the descriptor: the test harness hides what a passing test prints.
            let _ = writeln!(
                std::io::stderr(),
                "NOT RUN: ipaddr2::{name} needs root and the programs unshare, nsenter and ip"
            );
            return None;
        };
        let dir = std::env::temp_dir().join(format!("rhapsody-ip-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let wire = Wire { a, b, dir };
        let own = std::fs::read_link("/proc/self/ns/net").unwrap();
        for child in [&wire.a, &wire.b] {
            let link = format!("/proc/{}/ns/net", child.id());
            until("a namespace", || std::fs::read_link(&link).is_ok_and(|l| l != own));
        }
        let peer = wire.b.id().to_string();
        wire.ip_a(&format!("link add eth0 type veth peer name eth0 netns {peer}"));
        for (side, host) in [(&wire.a, 1), (&wire.b, 2)] {
            wire.ip(side, "link set lo up");
            wire.ip(side, "link set eth0 up");
            wire.ip(side, &format!("addr add 10.9.0.{host}/24 dev eth0"));
            wire.ip(side, &format!("addr add fd09::{host}/64 dev eth0 nodad"));
        }
        Some(wire)
    }

    fn inside(&self, side: &Child, program: &str) -> Command {
        let mut c = Command::new("nsenter");
        c.args(["-t", &side.id().to_string(), "-n", "--", program]);
        c
    }

    fn ip(&self, side: &Child, words: &str) -> String {
        let out = self.inside(side, "ip").args(words.split(' ')).output().unwrap();
        assert!(out.status.success(), "ip {words}: {}", text(&out.stderr));
        text(&out.stdout)
    }

    fn ip_a(&self, words: &str) -> String {
        self.ip(&self.a, words)
    }

    /// Runs the agent in `a`.
    fn agent(&self, action: &str, params: &[(&str, &str)]) -> Output {
        let mut c = self.inside(&self.a, env!("CARGO_BIN_EXE_rhapsody-agent"));
        c.args(["ocf:rhapsody:IPaddr2", action]);
        c.env("HA_RSCTMP", &self.dir);
        for (name, value) in params {
            c.env(format!("OCF_RESKEY_{name}"), value);
        }
        c.output().unwrap()
    }

    fn code(&self, action: &str, params: &[(&str, &str)]) -> i32 {
        self.agent(action, params).status.code().unwrap()
    }

    /// Pids of background senders in this wire.
    fn senders(&self) -> Vec<u32> {
        std::fs::read_dir(&self.dir)
            .unwrap()
            .filter_map(|f| std::fs::read_to_string(f.ok()?.path()).ok())
            .filter_map(|t| t.split(' ').next()?.parse().ok())
            .filter(|pid| PathBuf::from(format!("/proc/{pid}")).exists())
            .collect()
    }

    fn neighbour(&self, ip: &str) -> String {
        self.ip(&self.b, &format!("neigh show {ip} dev eth0"))
    }

    fn mac_a(&self) -> String {
        let all = self.ip_a("-o link show eth0");
        let words: Vec<&str> = all.split_whitespace().collect();
        let at = words.iter().position(|w| *w == "link/ether").unwrap();
        words[at + 1].to_owned()
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        for child in [&mut self.a, &mut self.b] {
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn until(what: &str, mut f: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(5);
    while !f() {
        assert!(Instant::now() < end, "waited five seconds for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn start_monitor_stop_are_exact_and_idempotent() {
    let Some(wire) = Wire::new("cycle") else { return };
    let p = [("ip", VIP)];
    let recurring = [("ip", VIP), ("CRM_meta_interval", "10000")];
    assert_eq!(wire.code("monitor", &p), 7, "a probe");
    assert_eq!(wire.code("stop", &p), 0);
    let out = wire.agent("monitor", &recurring);
    assert_eq!(out.status.code(), Some(7));
    assert!(text(&out.stderr).starts_with("ocf-exit-reason:10.9.0.200 is on no"));
    for _ in 0..2 {
        let out = wire.agent("start", &p);
        assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
        // Interface and prefix come from the route, the broadcast address from the prefix.
        let shown = wire.ip_a("-o addr show dev eth0");
        assert!(shown.contains("10.9.0.200/24 brd 10.9.0.255"), "{shown}");
        assert_eq!(wire.code("monitor", &recurring), 0);
    }
    until("the sender", || wire.senders().len() == 1);
    for _ in 0..2 {
        assert_eq!(wire.code("stop", &p), 0);
        assert!(!wire.ip_a("-o addr show dev eth0").contains(VIP));
        until("the sender's end", || wire.senders().is_empty());
        assert_eq!(wire.code("monitor", &p), 7);
    }
}

#[test]
fn stop_finds_the_address_whatever_its_prefix() {
    let Some(wire) = Wire::new("prefix") else { return };
    wire.ip_a(&format!("addr add {VIP}/32 dev eth0"));
    let p = [("ip", VIP), ("cidr_netmask", "24")];
    assert_eq!(wire.code("monitor", &p), 0, "an address that answers is active");
    assert_eq!(wire.code("start", &p), 0);
    assert_eq!(wire.code("stop", &p), 0);
    assert!(!wire.ip_a("-o addr show").contains(VIP));
}

#[test]
fn neighbours_learn_at_start_and_when_the_link_returns() {
    let Some(wire) = Wire::new("neighbours") else { return };
    let v6 = "fd09::200";
    let wrong = "02:00:00:00:00:01";
    let forget = |ip: &str| {
        wire.ip(&wire.b, &format!("neigh replace {ip} lladdr {wrong} dev eth0 nud stale"));
    };
    for ip in [VIP, v6] {
        forget(ip);
        let p = [("ip", ip), ("nodad", "true"), ("arp_interval", "50")];
        let out = wire.agent("start", &p);
        assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
        let mac = wire.mac_a();
        until("the first announcement", || wire.neighbour(ip).contains(&mac));
        until("the sender", || !wire.senders().is_empty());
        // Down and up again on the other side is a lost and found carrier on ours.
        wire.ip(&wire.b, "link set eth0 down");
        wire.ip(&wire.b, "link set eth0 up");
        forget(ip);
        until("the announcement after link-up", || wire.neighbour(ip).contains(&mac));
        // Somebody else takes the address away: the sender ends by itself.
        let wide = if ip == VIP { 24 } else { 64 };
        wire.ip_a(&format!("addr del {ip}/{wide} dev eth0"));
        until("the sender's end", || wire.senders().is_empty());
    }
}

#[test]
fn refusals_have_the_right_code_and_say_why() {
    let Some(wire) = Wire::new("refusals") else { return };
    for (action, params, code, word) in [
        ("start", &[][..], 6, "required"),
        ("start", &[("ip", "192.0.2.1")][..], 1, "cidr_netmask"),
        ("start", &[("ip", "192.0.2.1"), ("cidr_netmask", "24")][..], 1, "give nic"),
        ("start", &[("ip", VIP), ("nic", "eth9")][..], 6, "no interface eth9"),
        ("validate-all", &[("ip", VIP), ("nick", "eth0")][..], 6, "nick"),
        ("start", &[("ip", VIP), ("network_namespace", "nowhere")][..], 5, "nowhere"),
        ("dance", &[("ip", VIP)][..], 3, "dance"),
    ] {
        let out = wire.agent(action, params);
        let said = text(&out.stderr);
        assert_eq!(out.status.code(), Some(code), "{action} {params:?}: {said}");
        assert!(said.starts_with("ocf-exit-reason:") && said.contains(word), "{said}");
    }
    assert_eq!(wire.code("validate-all", &[("ip", VIP), ("nic", "eth0")]), 0);
    assert_eq!(wire.code("stop", &[("ip", VIP), ("nic", "eth9")]), 0);
    assert_eq!(wire.code("monitor", &[("ip", VIP), ("nic", "eth9")]), 7);
}

#[test]
fn a_taken_address_is_noticed() {
    let Some(wire) = Wire::new("taken") else { return };
    wire.ip(&wire.b, "addr add 10.9.0.200/24 dev eth0");
    let out = wire.agent("start", &[("ip", VIP), ("run_arping", "true")]);
    assert_eq!(out.status.code(), Some(1));
    assert!(text(&out.stderr).contains("already used on eth0 by"), "{}", text(&out.stderr));
    assert!(!wire.ip_a("-o addr show dev eth0").contains(VIP));
}

#[test]
fn the_sender_holds_no_pipe_and_no_group() {
    let Some(wire) = Wire::new("pipes") else { return };
    // `output` returns only when every holder of the pipes is gone.
    let began = Instant::now();
    assert_eq!(wire.code("start", &[("ip", VIP)]), 0);
    assert!(began.elapsed() < Duration::from_secs(2));
    until("the sender", || wire.senders().len() == 1);
    let pid = wire.senders()[0];
    let fields = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let (_, rest) = fields.rsplit_once(')').unwrap();
    let group = rest.split_whitespace().nth(2).unwrap();
    assert_eq!(group, pid.to_string(), "leads a group of its own");
    let root = std::fs::read_link(format!("/proc/{pid}/cwd")).unwrap();
    assert_eq!(root.to_str(), Some("/"));
}
