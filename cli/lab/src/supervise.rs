//! The supervisor: the management board of the lab's nodes.
//!
//! It only listens on a socket that every node sees and does what `fence_rhapsody_lab` asks: one
//! line in, one line out. A lab whose supervisor is dead still works and can be ended; its nodes
//! cannot be fenced.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::paths::Dir;
use crate::power;
use crate::state::State;

const CONNECTIONS_MAX: usize = 64;
const REQUEST_BYTES_MAX: u64 = 256;

pub fn run(dir: Dir) -> Result<()> {
    let _ = rustix::process::setsid();
    let path = dir.socket();
    let _ = std::fs::remove_file(&path);
    let listener =
        UnixListener::bind(&path).with_context(|| format!("cannot listen on {}", path.display()))?;
    println!("ready");
    std::io::stdout().flush()?;
    let dir = Arc::new(dir);
    let open = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming() {
        let Ok(stream) = stream else { continue };
        if open.fetch_add(1, Ordering::SeqCst) >= CONNECTIONS_MAX {
            open.fetch_sub(1, Ordering::SeqCst);
            continue; // the asker sees its connection closed
        }
        let (dir, open) = (dir.clone(), open.clone());
        std::thread::spawn(move || {
            if let Err(e) = serve(&dir, &stream) {
                eprintln!("{e:#}");
            }
            open.fetch_sub(1, Ordering::SeqCst);
        });
    }
    Ok(())
}

fn serve(dir: &Dir, stream: &UnixStream) -> Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.set_write_timeout(Some(Duration::from_secs(5)))?;
    let mut line = String::new();
    BufReader::new(stream.take(REQUEST_BYTES_MAX)).read_line(&mut line)?;
    let line = line.trim();
    let answer = match answer(dir, line) {
        Ok(text) => format!("ok {text}\n"),
        Err(e) => format!("error {}\n", format!("{e:#}").replace('\n', " ")),
    };
    eprint!("{} us {line}: {answer}", crate::monotonic_us());
    let mut stream = stream;
    stream.write_all(answer.as_bytes())?;
    Ok(())
}

fn answer(dir: &Dir, line: &str) -> Result<String> {
    let words: Vec<&str> = line.split(' ').collect();
    match words[..] {
        ["list"] => {
            let state = State::load(dir)?;
            let names: Vec<&str> = state.nodes.keys().map(String::as_str).collect();
            Ok(names.join(" "))
        }
        ["status", node] => status(dir, node),
        ["off", node] => {
            power::crash(dir, node)?;
            status(dir, node)
        }
        ["on", node] => {
            let state = State::load(dir)?;
            if !state.node(node)?.is_on() {
                power::boot(dir, node)?;
                if !state.bare {
                    // The power is on, whatever its programs do; who fences waits for no daemon.
                    let (dir, node) = (dir.clone(), node.to_owned());
                    std::thread::spawn(move || {
                        if let Err(e) = power::start_pcsd(&dir, &node) {
                            eprintln!("{e:#}");
                        }
                    });
                }
            }
            status(dir, node)
        }
        _ => anyhow::bail!("{line:?} is none of: list, status NODE, on NODE, off NODE"),
    }
}

fn status(dir: &Dir, node: &str) -> Result<String> {
    let on = State::load(dir)?.node(node)?.is_on();
    Ok(if on { "on" } else { "off" }.to_owned())
}
