//! The executor as a real process. The test plays the node process: a `sleep` stands for its life,
//! the test speaks in its name.

use rhapsody_client::frame;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);

struct Stage {
    root: PathBuf,
    node: Child,
    executors: Vec<Child>,
}

impl Stage {
    fn new(name: &str) -> Stage {
        let root = std::env::temp_dir().join(format!("rhapsody-executor-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(root.join("run/rhapsody")).unwrap();
        let node = Command::new("sleep").arg("120").spawn().unwrap();
        let started = start_time(node.id()).unwrap();
        fs::write(root.join("run/rhapsody/node.pid"), format!("{} {started}\n", node.id())).unwrap();
        Stage { root, node, executors: Vec::new() }
    }

    fn start_executor(&mut self) -> Speaker {
        let executor = Command::new(env!("CARGO_BIN_EXE_rhapsody-core"))
            .env("RHAPSODY_ROOT", &self.root)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.executors.push(executor);
        self.connect()
    }

    fn connect(&self) -> Speaker {
        let socket = self.root.join("run/rhapsody/executor.sock");
        let stream = until(|| UnixStream::connect(&socket).ok());
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut speaker = Speaker { stream, greeting: Value::Null };
        speaker.say(json!({"do": "hello", "pid": self.node.id()}));
        speaker.greeting = speaker.hear();
        assert_eq!(speaker.greeting["is"], "hello");
        speaker
    }

    fn kill_executor(&mut self) {
        let mut executor = self.executors.pop().unwrap();
        executor.kill().unwrap();
        executor.wait().unwrap();
    }

    fn operation_file(&self, name: &str) -> PathBuf {
        self.root.join("run/rhapsody/executor").join(name)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        for child in self.executors.iter_mut().chain([&mut self.node]) {
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = fs::remove_dir_all(&self.root);
    }
}

struct Speaker {
    stream: UnixStream,
    greeting: Value,
}

impl Speaker {
    fn say(&mut self, message: Value) {
        frame::write(&mut &self.stream, &message).unwrap();
    }

    fn hear(&mut self) -> Value {
        frame::read(&mut &self.stream).unwrap()
    }

    fn run(&mut self, id: u64, script: &str, timeout_ms: u64) {
        self.run_before(id, script, timeout_ms, None);
    }

    fn run_before(&mut self, id: u64, script: &str, timeout_ms: u64, before: Option<u64>) {
        let command = json!({
            "program": "/bin/sh", "args": ["-c", script], "env": {"PATH": "/usr/bin:/bin"}, "stdin": null,
            "timeout_ms": timeout_ms, "grace_ms": 200, "stdout_bytes_max": 1000, "stderr_bytes_max": 1000,
        });
        let tag = format!("tag {id}");
        self.say(json!({"do": "run", "id": id, "tag": tag, "label": "test", "command": command,
            "start_before_mono_ms": before}));
    }

    fn finished(&mut self, id: u64) -> Value {
        let message = self.hear();
        assert_eq!((&message["is"], &message["id"]), (&json!("finished"), &json!(id)), "{message}");
        message["result"].clone()
    }
}

fn until<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let give_up = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < give_up, "waited in vain");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn start_time(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let rest = stat.rsplit_once(')')?.1;
    if rest.trim_start().starts_with('Z') {
        return None;
    }
    rest.split_ascii_whitespace().nth(19)?.parse().ok()
}

fn pid_in(path: &Path, line: usize) -> u32 {
    until(|| fs::read_to_string(path).ok()?.lines().nth(line)?.split(' ').next()?.parse().ok())
}

#[test]
fn operations_run_and_results_wait_for_their_receipt() {
    let mut stage = Stage::new("run");
    let mut node = stage.start_executor();
    node.run(1, "echo hello; echo ocf-exit-reason:why >&2; exit 7", 5_000);
    let result = node.finished(1);
    assert_eq!(result["finished"]["end"], json!({"exited": 7}));
    assert_eq!(result["finished"]["stdout"], "hello\n");
    // Too late: the time has passed.
    let touched = stage.root.join("touched");
    node.run_before(2, &format!("touch {}", touched.display()), 5_000, Some(1));
    assert!(node.finished(2)["finished"]["end"]["not_started"].is_string());
    assert!(!touched.exists());
    node.run(3, "sleep 60", 100);
    assert_eq!(node.finished(3)["finished"]["end"], "timed_out");
    node.say(json!({"do": "acknowledge", "id": 1}));
    node.say(json!({"do": "remember", "key": "a/b", "value": "eA=="}));
    // A node process that comes anew finds what was not acknowledged.
    drop(node);
    let node = stage.connect();
    let ids: Vec<_> =
        node.greeting["operations"].as_array().unwrap().iter().map(|o| o["id"].clone()).collect();
    assert_eq!(ids, [2, 3]);
    assert_eq!(node.greeting["remembered"], json!({"a/b": "eA=="}));
    assert!(!stage.operation_file("1.run").exists());
}

/// A start of a second is in flight when the executor is killed: it goes on, once, and its result
/// arrives through the successor.
#[test]
fn an_operation_survives_the_executor() {
    let mut stage = Stage::new("survive");
    let mut node = stage.start_executor();
    let count = stage.root.join("count");
    node.run(9, &format!("echo x >> {}; sleep 1; echo done", count.display()), 20_000);
    node.run(10, "sleep 30", 1_500);
    until(|| count.exists().then_some(()));
    let agent = pid_in(&stage.operation_file("9.pid"), 1);
    node.say(json!({"do": "remember", "key": "k", "value": "v"}));
    // Said and understood before the end: the executor answers in order.
    node.run(11, "true", 1_000);
    node.finished(11);
    stage.kill_executor();
    assert!(start_time(agent).is_some(), "the agent goes on");
    let mut node = stage.start_executor();
    let operations = node.greeting["operations"].as_array().unwrap().clone();
    assert_eq!(operations[0]["tag"], "tag 9");
    assert_eq!(operations[0]["result"], Value::Null);
    assert_eq!(operations[2]["result"]["finished"]["end"], json!({"exited": 0}));
    assert_eq!(node.greeting["remembered"]["k"], "v");
    // Asked for again by a node process that was not sure: it is not started twice.
    node.run(9, &format!("echo y >> {}", count.display()), 20_000);
    let result = node.finished(9);
    assert_eq!(result["finished"]["end"], json!({"exited": 0}));
    assert_eq!(result["finished"]["stdout"], "done\n");
    assert_eq!(fs::read_to_string(&count).unwrap(), "x\n");
    // Its time limit holds too, without the executor that gave it.
    assert_eq!(node.finished(10)["finished"]["end"], "timed_out");
}

#[test]
fn an_operation_whose_attendant_is_killed_is_killed_and_lost() {
    let mut stage = Stage::new("lost");
    let mut node = stage.start_executor();
    node.run(5, "sleep 60 & wait", 60_000);
    let agent = pid_in(&stage.operation_file("5.pid"), 1);
    let attendant = pid_in(&stage.operation_file("5.pid"), 0);
    Command::new("kill").args(["-9", &attendant.to_string()]).status().unwrap();
    assert_eq!(node.finished(5)["lost"], true);
    until(|| start_time(agent).is_none().then_some(()));
    // The same while there is no executor.
    node.run(6, "sleep 60 & wait", 60_000);
    let agent = pid_in(&stage.operation_file("6.pid"), 1);
    let attendant = pid_in(&stage.operation_file("6.pid"), 0);
    stage.kill_executor();
    Command::new("kill").args(["-9", &attendant.to_string()]).status().unwrap();
    until(|| start_time(attendant).is_none().then_some(()));
    let node = stage.start_executor();
    let operations = node.greeting["operations"].as_array().unwrap().clone();
    assert_eq!(operations[1]["result"]["lost"], true, "{operations:?}");
    until(|| start_time(agent).is_none().then_some(()));
}

#[test]
fn cancelled_means_its_group_ends() {
    let mut stage = Stage::new("cancel");
    let mut node = stage.start_executor();
    node.run(5, "sleep 60 & wait", 60_000);
    let agent = pid_in(&stage.operation_file("5.pid"), 1);
    node.say(json!({"do": "cancel", "id": 5}));
    assert_eq!(node.finished(5)["finished"]["end"], json!({"signaled": 15}));
    assert!(start_time(agent).is_none());
}

#[test]
fn a_second_core_is_refused_and_sigterm_is_told() {
    let mut stage = Stage::new("second");
    let mut node = stage.start_executor();
    let pid = stage.executors[0].id();
    let second =
        Command::new(env!("CARGO_BIN_EXE_rhapsody-core")).env("RHAPSODY_ROOT", &stage.root).output().unwrap();
    let text = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(1));
    assert!(
        text.starts_with("Error: ") && text.contains("already running") && text.contains(&pid.to_string()),
        "{text}"
    );
    Command::new("kill").arg(pid.to_string()).status().unwrap();
    assert_eq!(node.hear(), json!({"is": "terminate"}));
    node.say(json!({"do": "remember", "key": "k", "value": "v"}));
    node.say(json!({"do": "leave", "detach": false}));
    // The executor ends when the node process has.
    stage.node.kill().unwrap();
    stage.node.wait().unwrap();
    let status = stage.executors.pop().unwrap().wait().unwrap();
    assert_eq!(status.code(), Some(0));
    assert!(!stage.operation_file("remember").exists());
}

/// What a service manager sees: its process is killed, it starts another, and stopping that one
/// stops the core.
#[test]
fn a_manager_that_starts_again_stands_by_the_successor() {
    let mut stage = Stage::new("follow");
    let mut node = stage.start_executor();
    let core = stage.executors[0].id();
    let follower = Command::new(env!("CARGO_BIN_EXE_rhapsody-core"))
        .arg("--follow")
        .env("RHAPSODY_ROOT", &stage.root)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Its own handler is in place once it has blocked the signal.
    let status = format!("/proc/{}/status", follower.id());
    let blocked =
        |text: &str| text.lines().any(|line| line.starts_with("SigBlk:") && !line.ends_with("0000"));
    until(|| fs::read_to_string(&status).ok().filter(|text| blocked(text)));
    Command::new("kill").arg(follower.id().to_string()).status().unwrap();
    assert_eq!(node.hear(), json!({"is": "terminate"}));
    node.say(json!({"do": "leave", "detach": false}));
    stage.node.kill().unwrap();
    stage.node.wait().unwrap();
    assert_eq!(stage.executors.pop().unwrap().wait().unwrap().code(), Some(0));
    let mut follower = follower;
    assert_eq!(follower.wait().unwrap().code(), Some(0));
    assert_ne!(core, follower.id());
}

#[test]
fn without_a_configuration_it_says_what_to_type() {
    let root = std::env::temp_dir().join(format!("rhapsody-executor-none-{}", std::process::id()));
    let core =
        Command::new(env!("CARGO_BIN_EXE_rhapsody-core")).env("RHAPSODY_ROOT", &root).output().unwrap();
    let text = String::from_utf8_lossy(&core.stderr).into_owned();
    assert_eq!(core.status.code(), Some(1), "{text}");
    assert!(text.contains("rhapsody cluster setup"), "{text}");
    fs::remove_dir_all(root).unwrap();
}
