//! The core socket: /run/rhapsody/core.sock, uid 0 only.
//!
//! Two small threads for each client: one reads requests and hands them to the node's loop, one
//! writes what the loop has for that client. A client that does not read is cut off, never waited
//! for.

use super::Happened;
use anyhow::Context;
use rhapsody_api::core::{CoreError, Hello, PROTOCOL, RequestFrame, Response, ResponseFrame};
use rhapsody_client::frame;
use std::collections::BTreeMap;
use std::fs;
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// More clients than this at once are turned away.
const CLIENTS_MAX: usize = 128;
/// Answers and events a client may have waiting.
const WAITING_MAX: usize = 4096;
const HELLO_TIMEOUT: Duration = Duration::from_secs(5);
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// Requests are small but for a patch.
const REQUEST_BYTES_MAX: usize = 64 << 20;
const STACK_BYTES: usize = 256 << 10;

pub type ClientId = u64;

#[derive(Clone, Default)]
pub struct Clients {
    writers: Arc<Mutex<BTreeMap<ClientId, Writer>>>,
}

struct Writer {
    queue: SyncSender<ResponseFrame>,
    stream: UnixStream,
}

impl Clients {
    /// Gives a client an answer; one that is gone or too slow does not get it.
    pub fn send(&self, client: ClientId, frame: ResponseFrame) {
        let Ok(mut writers) = self.writers.lock() else { return };
        let Some(writer) = writers.get(&client) else { return };
        if writer.queue.try_send(frame).is_err()
            && let Some(writer) = writers.remove(&client)
        {
            crate::log::warning("a client of the core socket does not read; it is cut off");
            let _ = writer.stream.shutdown(Shutdown::Both);
        }
    }

    /// Waits a little, before the process ends, until what was sent has been written.
    pub fn flush(&self) {
        thread::sleep(Duration::from_millis(20));
    }

    fn remove(&self, client: ClientId) {
        if let Ok(mut writers) = self.writers.lock() {
            writers.remove(&client);
        }
    }
}

/// Starts to listen.
pub fn listen(path: &Path, hello: Hello, to_loop: SyncSender<Happened>) -> anyhow::Result<Clients> {
    // An earlier node process of ours is gone (the executor runs one at a time).
    let _ = fs::remove_file(path);
    let listener =
        UnixListener::bind(path).with_context(|| format!("cannot listen at {}", path.display()))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    let clients = Clients::default();
    let shared = clients.clone();
    thread::Builder::new().name("clients".to_owned()).stack_size(STACK_BYTES).spawn(move || {
        let mut next: ClientId = 0;
        for stream in listener.incoming() {
            let Ok(stream) = stream else {
                // Out of descriptors: they come back when clients leave.
                thread::sleep(Duration::from_millis(10));
                continue;
            };
            next += 1;
            if let Err(error) = admit(stream, next, &hello, &shared, &to_loop) {
                crate::log::warning(format!("core socket: {error:#}"));
            }
        }
    })?;
    Ok(clients)
}

fn admit(
    stream: UnixStream,
    client: ClientId,
    hello: &Hello,
    clients: &Clients,
    to_loop: &SyncSender<Happened>,
) -> anyhow::Result<()> {
    let peer = rustix::net::sockopt::socket_peercred(&stream)?;
    if !peer.uid.is_root() && peer.uid != rustix::process::geteuid() {
        anyhow::bail!("uid {} is not allowed to speak to the core", peer.uid.as_raw());
    }
    stream.set_read_timeout(Some(HELLO_TIMEOUT))?;
    stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
    let (queue, waiting) = sync_channel(WAITING_MAX);
    {
        let mut writers = clients.writers.lock().map_err(|_| anyhow::anyhow!("poisoned"))?;
        if writers.len() >= CLIENTS_MAX {
            anyhow::bail!("more than {CLIENTS_MAX} clients");
        }
        writers.insert(client, Writer { queue: queue.clone(), stream: stream.try_clone()? });
    }
    let (hello, shared, to_loop) = (hello.clone(), clients.clone(), to_loop.clone());
    let started = thread::Builder::new().name("client".to_owned()).stack_size(STACK_BYTES).spawn(move || {
        let _ = converse(stream, client, &hello, queue, waiting, &to_loop);
        shared.remove(client);
        let _ = to_loop.send(Happened::ClientGone { client });
    });
    if started.is_err() {
        clients.remove(client);
    }
    started.map(|_| ()).context("cannot start a thread")
}

fn converse(
    stream: UnixStream,
    client: ClientId,
    hello: &Hello,
    queue: SyncSender<ResponseFrame>,
    waiting: Receiver<ResponseFrame>,
    to_loop: &SyncSender<Happened>,
) -> anyhow::Result<()> {
    frame::write(&mut &stream, hello)?;
    let theirs: Hello = frame::read_bounded(&mut &stream, 4096)?;
    if theirs.protocol.abs_diff(PROTOCOL) > 1 {
        return Ok(());
    }
    stream.set_read_timeout(None)?;
    let out = stream.try_clone()?;
    thread::Builder::new().name("client-out".to_owned()).stack_size(STACK_BYTES).spawn(move || {
        for response in waiting {
            if frame::write(&mut &out, &response).is_err() {
                break;
            }
        }
        let _ = out.shutdown(Shutdown::Both);
    })?;
    loop {
        let value: serde_json::Value = frame::read_bounded(&mut &stream, REQUEST_BYTES_MAX)?;
        let id = value.get("id").and_then(serde_json::Value::as_u64).unwrap_or(0);
        match serde_json::from_value::<RequestFrame>(value) {
            Ok(RequestFrame { id, request }) => to_loop.send(Happened::Asked { client, id, request })?,
            Err(_) => {
                let response = Response::Error(CoreError::Unsupported);
                queue.try_send(ResponseFrame { id, response })?;
            }
        }
    }
}
