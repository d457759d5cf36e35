//! A cluster of real cores on 127.77.C.N: each test has its own C.

#![allow(dead_code)]

use rhapsody_api::core::{ConfigVersion, Event, Request, Response};
use rhapsody_cib::Cib;
use rhapsody_client::{Client, ClientError, Events};
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(30);

pub struct Cluster {
    folder: PathBuf,
    number: u8,
    cores: Vec<Option<Child>>,
}

impl Cluster {
    pub fn new(number: u8, nodes: usize, token_ms: u64) -> Cluster {
        let folder = std::env::temp_dir().join(format!("rhapsody-cluster-{number}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        let cluster = Cluster { folder, number, cores: (0..=nodes).map(|_| None).collect() };
        let entries: String = (1..=nodes)
            .map(|n| {
                let address = cluster.address(n);
                format!("    node {{\n        ring0_addr: {address}\n        name: n{n}\n        nodeid: {n}\n    }}\n")
            })
            .collect();
        let two = if nodes == 2 { "    two_node: 1\n    wait_for_all: 0\n" } else { "" };
        let conf = format!(
            "totem {{\n    version: 2\n    cluster_name: c{number}\n    transport: knet\n    token: {token_ms}\n    \
             token_coefficient: 0\n    crypto_cipher: aes256\n    crypto_hash: sha256\n    interface {{\n        \
             linknumber: 0\n        mcastport: {}\n    }}\n}}\nnodelist {{\n{entries}}}\nquorum {{\n    \
             provider: corosync_votequorum\n{two}}}\n",
            cluster.port()
        );
        for n in 1..=nodes {
            let etc = cluster.root(n).join("etc/corosync");
            fs::create_dir_all(&etc).unwrap();
            fs::write(etc.join("corosync.conf"), &conf).unwrap();
            fs::write(etc.join("authkey"), [number; 128]).unwrap();
        }
        cluster
    }

    pub fn address(&self, node: usize) -> String {
        format!("127.77.{}.{node}", self.number)
    }

    pub fn port(&self) -> u16 {
        15405
    }

    pub fn root(&self, node: usize) -> PathBuf {
        self.folder.join(format!("n{node}"))
    }

    /// Power on.
    pub fn start(&mut self, node: usize) {
        self.start_under(node, &[]);
    }

    /// Power on, by way of another command that execs the core.
    pub fn start_under(&mut self, node: usize, before: &[&str]) {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.root(node).join("out")).unwrap();
        let words: Vec<&str> = before.iter().copied().chain([env!("CARGO_BIN_EXE_rhapsody-core")]).collect();
        let core = Command::new(words[0])
            .args(&words[1..])
            .args(["--node-name", &format!("n{node}")])
            .env("RHAPSODY_ROOT", self.root(node))
            .env_remove("RUST_BACKTRACE")
            .stdin(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        self.cores[node] = Some(core);
    }

    /// Power cut: all processes are gone, and so is /run.
    pub fn crash(&mut self, node: usize) {
        // All at once, and whatever one of them has started meanwhile.
        let root = format!("RHAPSODY_ROOT={}\0", self.root(node).display());
        for _ in 0..100 {
            let processes = processes_with(&root);
            if processes.is_empty() {
                break;
            }
            let _ = Command::new("kill").arg("-KILL").args(processes).stderr(Stdio::null()).status();
        }
        if let Some(mut core) = self.cores[node].take() {
            let _ = core.kill();
            let _ = core.wait();
        }
        let _ = fs::remove_dir_all(self.root(node).join("run"));
    }

    pub fn process(&self, node: usize, file: &str) -> Option<u32> {
        let text = fs::read_to_string(self.root(node).join("run/rhapsody").join(file)).ok()?;
        let pid: u32 = text.split(' ').next()?.parse().ok()?;
        let alive = fs::read_to_string(format!("/proc/{pid}/cmdline")).ok()?.contains("rhapsody-core");
        alive.then_some(pid)
    }

    pub fn try_client(&self, node: usize) -> Option<Client> {
        Client::connect_to(&self.root(node).join("run/rhapsody/core.sock"), "test").ok()
    }

    pub fn client(&self, node: usize) -> Client {
        until(|| self.try_client(node))
    }

    pub fn try_ask(&self, node: usize, request: Request) -> Result<Response, ClientError> {
        Client::connect_to(&self.root(node).join("run/rhapsody/core.sock"), "test")?.request(request)
    }

    pub fn cib(&self, node: usize) -> Cib {
        match self.ask(node, Request::Snapshot) {
            Response::Snapshot { cib } => Cib::parse(&cib).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    /// Changes the configuration as pcsd does: a patch from what is there.
    pub fn change(&self, node: usize, edit: impl Fn(&mut Cib)) -> Result<Response, ClientError> {
        let old = self.cib(node);
        let mut new = old.clone();
        edit(&mut new);
        let patch = rhapsody_cib::patch::diff(&old, &new).expect("a change");
        let version = old.version();
        let base = ConfigVersion { admin_epoch: version.admin_epoch, epoch: version.epoch };
        self.try_ask(node, Request::Apply { patch, base, force: false, user: Some("test".to_owned()) })
    }

    /// Sets a cluster property.
    pub fn set_property(&self, node: usize, name: &str, value: &str) -> Result<Response, ClientError> {
        // The coordinator fills in an empty configuration first.
        until(|| self.cib(node).property("cluster-name").map(|_| ()));
        self.change(node, |cib| {
            let section = cib.crm_config_mut();
            let set = cib.child(section, "cluster_property_set").unwrap();
            let id = format!("cib-bootstrap-options-{name}");
            let pair = cib.by_id(&id).unwrap_or_else(|| cib.append(set, "nvpair"));
            for (attribute, value) in [("id", id.as_str()), ("name", name), ("value", value)] {
                cib.set_attr(pair, attribute, value);
            }
        })
    }

    pub fn ask(&self, node: usize, request: Request) -> Response {
        self.client(node).request(request).unwrap()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for node in 1..self.cores.len() {
            if std::thread::panicking() {
                let out = fs::read_to_string(self.root(node).join("out")).unwrap_or_default();
                let journal = fs::read_to_string(self.root(node).join("var/log/rhapsody/journal.jsonl"));
                eprintln!("--- n{node}\n{out}{}", journal.unwrap_or_default());
            }
            self.crash(node);
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Living processes whose environment contains this.
fn processes_with(variable: &str) -> Vec<String> {
    let pids =
        fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let matches = |pid: &String| {
        let environ = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        pid.bytes().all(|byte| byte.is_ascii_digit())
            && environ.windows(variable.len()).any(|part| part == variable.as_bytes())
    };
    pids.filter(matches).collect()
}

pub fn kill_hard(pid: Option<u32>) {
    let pid = pid.expect("a process to kill").to_string();
    Command::new("kill").args(["-9", &pid]).status().unwrap();
}

pub fn until<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let give_up = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < give_up, "waited in vain");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The next event with this code.
pub fn event(events: &mut Events, code: &str) -> Event {
    let give_up = Instant::now() + PATIENCE;
    loop {
        assert!(Instant::now() < give_up, "no event {code}");
        if let Some(event) = events.next(Duration::from_secs(1)).unwrap()
            && event.code == code
        {
            return event;
        }
    }
}
