//! The real stack in the same lab: Corosync and Pacemaker of the distribution, without systemd.
//! Its daemons are started as systemd would, by name; nothing of it is mocked.

use crate::live::Stack;
use rhapsody_tests::{Cluster, View, until};
use std::time::Duration;

const VIP: &str = "10.77.0.100";

/// Folders in which the daemons of the real stack keep what is theirs on each node.
const PRIVATE: [&str; 7] = [
    "/etc/corosync",
    "/etc/pacemaker",
    "/var/lib/corosync",
    "/var/lib/pacemaker",
    "/var/log/corosync",
    "/var/log/pacemaker",
    "/var/log/cluster",
];

pub struct Peer(Cluster);

impl Peer {
    /// `None` where Corosync or Pacemaker is not installed.
    pub fn new() -> Option<Peer> {
        if !["/usr/sbin/corosync", "/usr/sbin/pacemakerd"].iter().all(|p| std::path::Path::new(p).exists()) {
            println!("the real stack is not installed: its column stays empty");
            return None;
        }
        let mut options = vec!["--bare"];
        for folder in PRIVATE.iter().filter(|f| std::path::Path::new(f).exists()) {
            options.extend(["--private", folder]);
        }
        let c = Cluster::boot_with("bench-peer", 3, &options);
        let nodes: String = (1..=3)
            .map(|n| {
                format!("  node {{\n    ring0_addr: 10.77.0.1{n}\n    name: n{n}\n    nodeid: {n}\n  }}\n")
            })
            .collect();
        let conf = format!(
            "totem {{\n  version: 2\n  cluster_name: bench\n  transport: knet\n  crypto_cipher: aes256\n  crypto_hash: sha256\n  token: 1000\n  token_coefficient: 0\n}}\nnodelist {{\n{nodes}}}\nquorum {{\n  provider: corosync_votequorum\n}}\nlogging {{\n  to_syslog: no\n  to_stderr: no\n  to_logfile: yes\n  logfile: /var/log/corosync/corosync.log\n}}\n"
        );
        c.ok("n1", "head -c 256 /dev/urandom | base64 -w0 > /tmp/bench-authkey");
        for node in c.nodes() {
            c.write(node, "/etc/corosync/corosync.conf", &conf);
            c.ok(node, "cp /tmp/bench-authkey /etc/corosync/authkey && chmod 400 /etc/corosync/authkey");
        }
        c.ok("n1", "rm -f /tmp/bench-authkey");
        Some(Peer(c))
    }

    fn view(&self) -> Result<View, String> {
        // any node that is up answers
        let mut last = "no node answers".to_owned();
        for node in self.0.nodes() {
            let out = self.0.on(node, "timeout 10 crm_mon -1 --output-as=xml");
            if out.code == 0 {
                match View::read(&out.stdout) {
                    Ok(view) if view.dc.is_some() => return Ok(view),
                    Ok(_) => last = format!("{node} sees no DC"),
                    Err(e) => last = e,
                }
            }
        }
        Err(last)
    }

    fn see(&self, what: &str, check: impl Fn(&View) -> bool) -> View {
        until(what, Duration::from_secs(120), || {
            let view = self.view()?;
            if check(&view) { Ok(view) } else { Err(format!("{view:?}")) }
        })
    }

    fn launch(&self, node: &str) {
        self.0.ok(node, "mkdir -p /run/crm && chown hacluster:haclient /run/crm && corosync && setsid -f pacemakerd </dev/null >/dev/null 2>&1");
    }
}

impl Stack for Peer {
    fn start(&self) {
        for node in self.0.nodes() {
            self.launch(node);
        }
        self.see("all online", |v| v.online.len() == 3);
        if self.0.on("n1", "cibadmin -Q --xpath '//primitive[@id=\"vip\"]'").code != 0 {
            self.0.ok("n1", "crm_attribute -n stonith-enabled -v false");
            self.0.ok("n1", &format!("cibadmin -C -o resources -X '<primitive id=\"vip\" class=\"ocf\" provider=\"heartbeat\" type=\"IPaddr2\"><instance_attributes id=\"vip-ia\"><nvpair id=\"vip-ip\" name=\"ip\" value=\"{VIP}\"/><nvpair id=\"vip-nm\" name=\"cidr_netmask\" value=\"24\"/></instance_attributes><operations><op id=\"vip-mon\" name=\"monitor\" interval=\"30s\" timeout=\"20s\"/></operations></primitive>'"));
        }
    }

    fn stop(&self) {
        for node in self.0.nodes() {
            self.0.on(node, "pid=$(pgrep -x pacemakerd); kill $pid 2>/dev/null");
        }
        until("pacemaker has stopped", Duration::from_secs(120), || {
            let left = |n: &&String| self.0.on(n, "pgrep -x pacemakerd").code == 0;
            self.0.nodes().iter().find(left).map_or(Ok(()), |n| Err(format!("still on {n}")))
        });
        for node in self.0.nodes() {
            self.0.on(node, "kill $(pgrep -x corosync); for i in $(seq 200); do pgrep -x corosync >/dev/null || break; sleep 0.05; done");
        }
    }

    fn holder(&self) -> String {
        let view = self.see("the address is up", |v| {
            v.running("vip").len() == 1 && v.online.contains(&v.running("vip")[0])
        });
        view.running("vip")[0].clone()
    }

    fn standby(&self, node: &str, on: bool) {
        self.0.ok("n1", &format!("crm_attribute -N {node} -n standby -v {}", if on { "on" } else { "off" }));
    }

    fn boot(&self, node: &str) {
        self.0.must(&["boot", node]);
        self.launch(node);
        self.see("all online", |v| v.online.len() == 3);
    }

    fn lab(&self) -> &Cluster {
        &self.0
    }

    fn status(&self) -> &'static str {
        if std::path::Path::new("/usr/sbin/pcs").exists() { "pcs status" } else { "crm_mon -1" }
    }

    fn daemons(&self) -> &'static [&'static str] {
        &[
            "corosync",
            "pacemakerd",
            "pacemaker-based",
            "pacemaker-fenced",
            "pacemaker-execd",
            "pacemaker-attrd",
            "pacemaker-schedulerd",
            "pacemaker-controld",
        ]
    }
}
