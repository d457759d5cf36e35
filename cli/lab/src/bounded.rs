//! Running a program of the host with a bound on time.

use std::io::{Read, Write};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

/// For the short commands that build the lab (`ip`, `nft`).
const TOOL: Duration = Duration::from_secs(20);

/// Runs to its end or kills it after `limit`.
pub fn output(command: &mut Command, input: &[u8], limit: Duration) -> Result<Output> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run {name}"))?;
    let stdin = child.stdin.take();
    let (out, err) = (child.stdout.take(), child.stderr.take());
    thread::scope(|scope| {
        let input = scope.spawn(move || {
            if let Some(mut stdin) = stdin {
                let _ = stdin.write_all(input);
            }
        });
        let read = |pipe: Option<Box<dyn Read + Send>>| {
            let mut bytes = Vec::new();
            if let Some(mut pipe) = pipe {
                let _ = pipe.read_to_end(&mut bytes);
            }
            bytes
        };
        let out = scope.spawn(move || read(out.map(|p| Box::new(p) as _)));
        let err = scope.spawn(move || read(err.map(|p| Box::new(p) as _)));
        let ended = ended_within(&child, limit);
        if !ended {
            let _ = child.kill();
        }
        let status = child.wait()?;
        let _ = input.join();
        let stdout = out.join().unwrap_or_default();
        let stderr = err.join().unwrap_or_default();
        if !ended {
            bail!(
                "{name} did not end within {} s and was killed; it had said: {}",
                limit.as_secs(),
                String::from_utf8_lossy(&stderr).trim()
            );
        }
        Ok(Output { status, stdout, stderr })
    })
}

/// Runs a tool that must succeed; its error text is ours.
pub fn tool(command: &mut Command) -> Result<()> {
    tool_with_input(command, b"")
}

pub fn tool_with_input(command: &mut Command, input: &[u8]) -> Result<()> {
    let out = output(command, input, TOOL)?;
    if !out.status.success() {
        let words: Vec<String> = std::iter::once(command.get_program())
            .chain(command.get_args())
            .map(|w| w.to_string_lossy().into_owned())
            .collect();
        bail!("`{}` failed: {}", words.join(" "), String::from_utf8_lossy(&out.stderr).trim());
    }
    Ok(())
}

fn ended_within(child: &Child, limit: Duration) -> bool {
    let Some(pid) = Pid::from_raw(child.id() as i32) else {
        return true;
    };
    // Our own child: its pid cannot be reused before we wait for it.
    let Ok(fd) = pidfd_open(pid, PidfdFlags::empty()) else {
        return true;
    };
    let limit = Timespec { tv_sec: limit.as_secs() as i64, tv_nsec: i64::from(limit.subsec_nanos()) };
    let mut fds = [PollFd::new(&fd, PollFlags::IN)];
    loop {
        match poll(&mut fds, Some(&limit)) {
            Ok(n) => return n > 0,
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn what_does_not_end_is_killed() {
        let out = output(&mut Command::new("cat"), b"hello", TOOL).unwrap();
        assert_eq!(out.stdout, b"hello");
        let began = Instant::now();
        let error = output(Command::new("sleep").arg("60"), b"", Duration::from_millis(50));
        assert!(error.unwrap_err().to_string().contains("sleep did not end"));
        assert!(began.elapsed() < Duration::from_secs(10));
        let error = tool(Command::new("sh").args(["-c", "echo why >&2; exit 3"]));
        assert!(error.unwrap_err().to_string().contains("why"));
    }
}
