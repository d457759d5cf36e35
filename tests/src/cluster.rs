//! A lab of nodes and, on it, a cluster set up as an operator would.

use crate::{View, bin_dir, until};
use std::fs::File;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// What a command printed and returned.
#[derive(Debug, Clone)]
pub struct Output {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Output {
    /// Both streams, for searching in what a user would see.
    pub fn all(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// A lab; taken down when dropped.
pub struct Cluster {
    name: String,
    nodes: Vec<String>,
    // labs are started one after the other: two cores do not carry two of them in time
    _turn: File,
}

impl Cluster {
    /// Boots `count` nodes (n1, n2, ...) with pcsd running and nothing set up.
    pub fn boot(name: &str, count: usize) -> Cluster {
        Cluster::boot_with(name, count, &[])
    }

    /// The same with further options of `lab up`.
    pub fn boot_with(name: &str, count: usize, options: &[&str]) -> Cluster {
        let turn = File::create(std::env::temp_dir().join("rhapsody-live-tests.lock")).expect("lock file");
        flock(&turn);
        let cluster = Cluster {
            name: format!("t-{name}"),
            nodes: (1..=count).map(|n| format!("n{n}")).collect(),
            _turn: turn,
        };
        cluster.lab(&["down"]);
        let nodes = count.to_string();
        let mut words = vec!["up", "--nodes", &nodes];
        words.extend(options);
        let up = cluster.lab(&words);
        assert_eq!(up.code, 0, "lab up: {}", up.all());
        cluster
    }

    /// Boots nodes and sets up a running cluster on them; fencing as it is by default.
    pub fn start(name: &str, count: usize, setup_options: &[&str]) -> Cluster {
        let cluster = Cluster::boot(name, count);
        cluster.authenticate();
        cluster.set_up("linuxha", setup_options);
        cluster.ok("n1", "rhapsody cluster start --all --wait=60");
        cluster
    }

    pub fn nodes(&self) -> &[String] {
        &self.nodes
    }

    /// `n1 addr=10.77.0.11 n2 addr=...`
    pub fn hosts(&self) -> String {
        let words: Vec<String> = self.nodes.iter().map(|n| format!("{n} addr={}", self.address(n))).collect();
        words.join(" ")
    }

    pub fn address(&self, node: &str) -> String {
        format!("10.77.0.1{}", node.trim_start_matches('n'))
    }

    pub fn authenticate(&self) {
        self.ok("n1", &format!("rhapsody host auth {} -u hacluster -p rhapsody", self.hosts()));
    }

    pub fn set_up(&self, cluster_name: &str, options: &[&str]) {
        self.ok(
            "n1",
            &format!("rhapsody cluster setup {cluster_name} {} {}", self.hosts(), options.join(" ")),
        );
    }

    /// A `rhapsody lab` verb on this lab.
    pub fn lab(&self, words: &[&str]) -> Output {
        run(Command::new(bin_dir().join("rhapsody")).arg("lab").args(words).args(["--name", &self.name]))
    }

    /// A `rhapsody lab` verb that must succeed.
    pub fn must(&self, words: &[&str]) -> Output {
        let out = self.lab(words);
        assert_eq!(out.code, 0, "lab {words:?}: {}", out.all());
        out
    }

    /// A shell command line on a node.
    pub fn on(&self, node: &str, command: &str) -> Output {
        let mut c = Command::new(bin_dir().join("rhapsody"));
        c.args(["lab", "exec", "--name", &self.name, node, "--", "sh", "-c", command]);
        run(&mut c)
    }

    /// A shell command line on a node that must succeed; its stdout.
    pub fn ok(&self, node: &str, command: &str) -> String {
        let out = self.on(node, command);
        assert_eq!(out.code, 0, "{node}# {command}\n{}", out.all());
        out.stdout
    }

    /// A command that must be refused: exit 1, `Error: ` with all of `words` in it.
    pub fn refused(&self, node: &str, command: &str, words: &[&str]) -> Output {
        let out = self.on(node, command);
        assert_eq!(out.code, 1, "{node}# {command}\n{}", out.all());
        for word in words {
            assert!(out.stderr.contains(word), "{node}# {command}\nno {word:?} in: {}", out.stderr);
        }
        out
    }

    /// The cluster as a node sees it, or why it does not.
    pub fn view(&self, node: &str) -> Result<View, String> {
        let out = self.on(node, "rhapsody status xml");
        if out.code != 0 {
            return Err(out.all());
        }
        View::read(&out.stdout)
    }

    /// Waits until the view of `node` satisfies `check`.
    pub fn see(&self, node: &str, what: &str, limit_s: u64, check: impl Fn(&View) -> bool) -> View {
        until(what, Duration::from_secs(limit_s), || {
            let view = self.view(node)?;
            if check(&view) { Ok(view) } else { Err(format!("{view:?}")) }
        })
    }

    /// Waits until `resource` is started somewhere else than on `not_on`, as `node` sees it; where.
    pub fn started_elsewhere(&self, node: &str, resource: &str, not_on: &str) -> String {
        let view = self.see(node, &format!("{resource} runs, but not on {not_on}"), 30, |v| {
            v.running(resource).len() == 1 && v.running(resource)[0] != not_on
        });
        view.running(resource)[0].clone()
    }

    /// A node that is not one of `others`.
    pub fn other_than(&self, others: &[&str]) -> String {
        self.nodes
            .iter()
            .find(|n| !others.contains(&n.as_str()))
            .expect("the lab has more nodes than are excluded")
            .clone()
    }

    /// A client that pings `address` in the background.
    pub fn probe(&self, address: &str, seconds: u32) -> Probe {
        let child = Command::new(bin_dir().join("rhapsody"))
            .args(["lab", "probe", "--name", &self.name, address, "--duration", &seconds.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the probe starts");
        Probe { child }
    }

    /// A file in a node, as seen from outside of it.
    pub fn write(&self, node: &str, path: &str, text: &str) {
        let mut c = Command::new(bin_dir().join("rhapsody"));
        c.args(["lab", "exec", "--name", &self.name, node, "--", "sh", "-c", &format!("cat > {path}")]);
        let mut child = c.stdin(Stdio::piped()).spawn().expect("lab exec starts");
        std::io::Write::write_all(child.stdin.as_mut().expect("stdin is piped"), text.as_bytes())
            .expect("the node takes the file");
        drop(child.stdin.take());
        assert!(child.wait().expect("lab exec ends").success(), "write {path} on {node}");
    }

    pub fn temp(&self, name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("rhapsody-{}-{name}", self.name))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for node in &self.nodes {
                let log = self.on(node, "tail -n 40 /var/log/rhapsody/*.log /var/log/rhapsody/journal.jsonl");
                eprintln!("==== {node}\n{}", log.all());
            }
        }
        self.lab(&["down"]);
    }
}

/// A client that watches an address.
pub struct Probe {
    child: Child,
}

impl Probe {
    /// Waits for its end; the outages it printed.
    pub fn finish(self) -> Output {
        let out = self.child.wait_with_output().expect("the probe ends");
        output(out)
    }
}

fn run(command: &mut Command) -> Output {
    output(command.stdin(Stdio::null()).output().expect("rhapsody starts"))
}

fn output(out: std::process::Output) -> Output {
    Output {
        code: out.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&out.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&out.stderr).into_owned(),
    }
}

fn flock(file: &File) {
    rustix::fs::flock(file.as_fd(), rustix::fs::FlockOperation::LockExclusive).expect("one lab at a time");
}
