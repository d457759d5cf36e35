//! The core on this host: started detached, found again by pid and start time, brought back after
//! a crash where no systemd does it.

use crate::paths::Paths;
use crate::{files, programs};
use anyhow::{Context, bail};
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// So long the surviving half of a core may take to replace the other.
const SUCCESSOR_TIME: Duration = Duration::from_millis(150);
/// So long a core may take from its spawn until its pid file is there.
const APPEAR_TIME: Duration = Duration::from_secs(5);
const APPEAR_POLL: Duration = Duration::from_millis(5);
/// A core that lived shorter than this is started again only after a while.
const SHORT_LIFE: Duration = Duration::from_secs(10);
const RESTART_DELAY_MAX: Duration = Duration::from_secs(30);
/// What of the log is shown when a start fails.
const LOG_TAIL_BYTES: u64 = 2000;

pub struct CoreProcess {
    paths: Paths,
    /// Exit of the core we started last, when it has ended.
    ended: Arc<Mutex<Option<String>>>,
    starting: Mutex<()>,
    /// Something was started: there is a core to look after.
    changed: tokio::sync::Notify,
}

/// What this boot's last `start` or `stop` wanted; not kept over a power-off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Undecided,
    Running,
    Stopped,
}

impl CoreProcess {
    pub fn new(paths: Paths) -> Self {
        CoreProcess {
            paths,
            ended: Arc::default(),
            starting: Mutex::new(()),
            changed: tokio::sync::Notify::new(),
        }
    }

    pub fn log(&self) -> PathBuf {
        self.paths.logs().join("core.log")
    }

    fn lock_file(&self) -> PathBuf {
        self.paths.run("core.pid")
    }

    /// The pid of the running core.
    pub fn pid(&self) -> Option<u32> {
        pid_in(&self.lock_file())
    }

    /// SIGKILL for both halves of the core; nothing is stopped in order. Whether there was one.
    pub fn kill(&self) -> anyhow::Result<bool> {
        use rustix::process::{Pid, Signal, kill_process};
        self.set_wanted(Wanted::Stopped)?;
        let half = |file: &str| pid_in(&self.paths.run(file)).and_then(|pid| Pid::from_raw(pid as i32));
        let (node, executor) = (half("node.pid"), half("core.pid"));
        // Each brings the other back: the first must not see the end of the second.
        for (process, signal) in [(node, Signal::STOP), (executor, Signal::KILL), (node, Signal::KILL)] {
            match process.map(|process| kill_process(process, signal)) {
                None | Some(Ok(()) | Err(rustix::io::Errno::SRCH)) => {}
                Some(Err(error)) => bail!("cannot kill the core: {error}"),
            }
        }
        Ok(node.is_some() || executor.is_some())
    }

    pub fn is_running(&self) -> bool {
        self.pid().is_some()
    }

    pub fn is_enabled(&self) -> bool {
        self.paths.enabled_flag().exists()
    }

    pub fn set_enabled(&self, enabled: bool) -> anyhow::Result<()> {
        let path = self.paths.enabled_flag();
        if enabled {
            files::write_whole(&path, b"started at boot by rhapsody-pcsd\n", 0o644)
        } else {
            files::remove(&path).map(drop)
        }
        .with_context(|| format!("cannot change {}", path.display()))
    }

    fn wanted_file(&self) -> PathBuf {
        self.paths.run("core.wanted")
    }

    fn wanted(&self) -> Wanted {
        match std::fs::read_to_string(self.wanted_file()).as_deref() {
            Ok("running") => Wanted::Running,
            Ok(_) => Wanted::Stopped,
            Err(_) => Wanted::Undecided,
        }
    }

    fn set_wanted(&self, wanted: Wanted) -> anyhow::Result<()> {
        let text = if wanted == Wanted::Running { "running" } else { "stopped" };
        let path = self.wanted_file();
        files::write_whole(&path, text.as_bytes(), 0o644)
            .with_context(|| format!("cannot write {}", path.display()))?;
        self.changed.notify_one();
        Ok(())
    }

    /// An orderly stop has been asked for: it is not a crash.
    pub fn stopping(&self) {
        if let Err(error) = self.set_wanted(Wanted::Stopped) {
            tracing::error!("{error:#}");
        }
    }

    /// Starts the core unless it runs; back when it has said who it is, or has ended. Does not wait
    /// for its socket. Blocks.
    pub fn start(&self) -> anyhow::Result<()> {
        let _starting = self.starting.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if self.is_running() {
            return self.set_wanted(Wanted::Running);
        }
        let conf = self.paths.corosync_conf();
        if !conf.exists() {
            bail!(
                "there is no cluster on this node ({} does not exist); run 'rhapsody cluster setup' first",
                conf.display()
            );
        }
        self.set_wanted(Wanted::Running)?;
        let program = programs::find("rhapsody-core")?;
        let log = self.log();
        std::fs::create_dir_all(self.paths.logs())
            .with_context(|| format!("cannot make {}", self.paths.logs().display()))?;
        let out = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log)
            .with_context(|| format!("cannot write {}", log.display()))?;
        *self.ended.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = None;
        // It makes a session of its own; nothing of ours is inherited but the environment.
        let mut child = Command::new(&program)
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .current_dir("/")
            .spawn()
            .with_context(|| format!("cannot run {}", program.display()))?;
        tracing::info!("started {} as process {}", program.display(), child.id());
        let ended = self.ended.clone();
        // Waits for as long as the core lives; without it a core that ends would stay a zombie.
        std::thread::Builder::new().name("core-wait".to_owned()).spawn(move || {
            let text = match child.wait() {
                Ok(status) => format!("the core ended: {status}"),
                Err(error) => format!("the core is gone: {error}"),
            };
            tracing::warn!("{text}");
            *ended.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(text);
        })?;
        // Until then a second start would not see it.
        let deadline = Instant::now() + APPEAR_TIME;
        while Instant::now() < deadline && !self.is_running() && self.why_ended().is_none() {
            std::thread::sleep(APPEAR_POLL);
        }
        Ok(())
    }

    /// Why the core that was started last is not there, with the end of its log.
    pub fn why_ended(&self) -> Option<String> {
        let why = self.ended.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()?;
        if self.is_running() {
            return None;
        }
        let tail = tail(&self.log()).unwrap_or_default();
        let last: Vec<&str> = tail.lines().rev().take(3).collect();
        let last: Vec<&str> = last.into_iter().rev().collect();
        Some(format!("{why}: {}", last.join(" / ")))
    }

    /// Starts an enabled core once a boot, and again after a crash. Does nothing where systemd
    /// looks after it.
    pub async fn supervise(self: Arc<Self>) {
        if self.paths.is_system()
            && Path::new("/run/systemd/system").exists()
            && Path::new("/etc/systemd/system/multi-user.target.wants/rhapsody-core.service").exists()
        {
            return;
        }
        // Once a boot: `enable` by itself starts nothing.
        if self.wanted() == Wanted::Undecided {
            let wanted = if self.is_enabled() { Wanted::Running } else { Wanted::Stopped };
            if let Err(error) = self.set_wanted(wanted) {
                tracing::error!("{error:#}");
            }
        }
        let mut delay = Duration::ZERO;
        loop {
            if self.wanted() != Wanted::Running {
                self.changed.notified().await;
                continue;
            }
            if let Some(pid) = self.pid() {
                let since = Instant::now();
                ended(pid).await;
                if since.elapsed() >= SHORT_LIFE {
                    delay = Duration::ZERO;
                }
                // Its own other half may bring it back.
                tokio::time::sleep(SUCCESSOR_TIME).await;
                continue;
            }
            tokio::time::sleep(delay).await;
            delay = (delay * 2).clamp(Duration::from_millis(250), RESTART_DELAY_MAX);
            // It may have been stopped on purpose meanwhile.
            if self.wanted() != Wanted::Running {
                continue;
            }
            let core = self.clone();
            if let Ok(Err(error)) = tokio::task::spawn_blocking(move || core.start()).await {
                tracing::error!("cannot start the core: {error:#}");
            }
        }
    }
}

/// The process that a file names by its pid and start time, if it lives.
fn pid_in(file: &Path) -> Option<u32> {
    let text = std::fs::read_to_string(file).ok()?;
    let mut words = text.split_whitespace();
    let pid: u32 = words.next()?.parse().ok()?;
    let start_time: u64 = words.next()?.parse().ok()?;
    (start_time_of(pid)? == start_time).then_some(pid)
}

/// Returns when this process is gone.
async fn ended(pid: u32) {
    // A thread that sleeps in poll: an event, and no wakeups.
    let waiting = tokio::task::spawn_blocking(move || {
        use rustix::event::{PollFd, PollFlags, poll};
        let process = rustix::process::Pid::from_raw(i32::try_from(pid).ok()?)?;
        let fd = rustix::process::pidfd_open(process, rustix::process::PidfdFlags::empty()).ok()?;
        poll(&mut [PollFd::new(&fd, PollFlags::IN)], None).ok()
    });
    if !matches!(waiting.await, Ok(Some(_))) {
        // Gone already, or a kernel without pidfds.
        tokio::time::sleep(SUCCESSOR_TIME).await;
    }
}

/// Field 22 of /proc/PID/stat: with the pid it names one process for ever. None when it is a zombie.
fn start_time_of(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in brackets, may hold anything; the rest is numbers.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

fn tail(path: &Path) -> std::io::Result<String> {
    use std::io::{Read, Seek, SeekFrom};
    let mut file = std::fs::File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LOG_TAIL_BYTES)))?;
    let mut bytes = Vec::new();
    file.take(LOG_TAIL_BYTES).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_core_is_known_by_pid_and_start_time() {
        let paths = Paths::below(&crate::testing::folder("core-process"));
        let core = CoreProcess::new(paths.clone());
        assert!(!core.is_running());
        let own = std::process::id();
        let start = start_time_of(own).unwrap();
        files::write_whole(&paths.run("core.pid"), format!("{own} {start}\n").as_bytes(), 0o644).unwrap();
        assert_eq!(core.pid(), Some(own));
        let other = format!("{own} {}", start + 1);
        files::write_whole(&paths.run("core.pid"), other.as_bytes(), 0o644).unwrap();
        assert!(!core.is_running(), "another process has this number now");
        let error = format!("{:#}", core.start().unwrap_err());
        assert!(error.contains("cluster setup"), "{error}");
    }

    #[test]
    fn enabled_is_a_durable_flag() {
        let core = CoreProcess::new(Paths::below(&crate::testing::folder("enabled")));
        assert!(!core.is_enabled());
        core.set_enabled(true).unwrap();
        core.set_enabled(true).unwrap();
        assert!(core.is_enabled());
        core.set_enabled(false).unwrap();
        core.set_enabled(false).unwrap();
        assert!(!core.is_enabled());
    }
}
