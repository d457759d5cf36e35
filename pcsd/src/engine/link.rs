//! One connection to the core's socket, shared by many requests.

use super::EngineError;
use rhapsody_api::core::{FRAME_BYTES_MAX, Hello, PROTOCOL, Request, RequestFrame, Response, ResponseFrame};
use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::net::unix::OwnedReadHalf;
use tokio::sync::{mpsc, oneshot};

const HELLO_TIME: Duration = Duration::from_secs(3);
/// Requests that may wait to be written.
const QUEUE_MAX: usize = 256;
/// Events of a subscription that may wait to be taken.
const EVENTS_QUEUE_MAX: usize = 1024;

pub struct Link {
    to_core: mpsc::Sender<Vec<u8>>,
    shared: Arc<Shared>,
}

struct Shared {
    waiting: Mutex<HashMap<u64, Waiter>>,
    closed: AtomicBool,
    next_id: AtomicU64,
}

enum Waiter {
    Once(oneshot::Sender<Response>),
    Stream(mpsc::Sender<Response>),
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, HashMap<u64, Waiter>> {
        self.waiting.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        // Whoever waits hears of it by its dropped sender.
        self.waiting().clear();
    }
}

impl Link {
    pub async fn connect(socket: &Path) -> Result<(Link, Hello), EngineError> {
        let stream = match UnixStream::connect(socket).await {
            Ok(stream) => stream,
            Err(error) => match error.kind() {
                std::io::ErrorKind::NotFound | std::io::ErrorKind::ConnectionRefused => {
                    return Err(EngineError::NotRunning);
                }
                _ => {
                    return Err(EngineError::Failed(format!(
                        "cannot connect to {}: {error}",
                        socket.display()
                    )));
                }
            },
        };
        let (mut from_core, mut writer) = stream.into_split();
        let exchange = async {
            let hello: Hello = decode(&read_frame(&mut from_core).await?)?;
            let own = Hello {
                protocol: PROTOCOL,
                build: env!("CARGO_PKG_VERSION").to_owned(),
                name: "rhapsody-pcsd".to_owned(),
            };
            writer.write_all(&encode(&own)?).await?;
            std::io::Result::Ok(hello)
        };
        let hello = match tokio::time::timeout(HELLO_TIME, exchange).await {
            Ok(hello) => hello.map_err(|error| EngineError::Lost(error.to_string()))?,
            Err(_) => return Err(EngineError::Timeout(HELLO_TIME)),
        };
        if hello.protocol + 1 < PROTOCOL {
            return Err(EngineError::Failed(format!(
                "the running core speaks protocol {}, this pcsd {PROTOCOL}; restart the cluster on this node",
                hello.protocol
            )));
        }
        let shared = Arc::new(Shared {
            waiting: Mutex::default(),
            closed: AtomicBool::new(false),
            next_id: AtomicU64::new(1),
        });
        let (to_core, mut queue) = mpsc::channel::<Vec<u8>>(QUEUE_MAX);
        let of_writer = shared.clone();
        tokio::spawn(async move {
            while let Some(frame) = queue.recv().await {
                if writer.write_all(&frame).await.is_err() {
                    break;
                }
            }
            of_writer.close();
        });
        let of_reader = shared.clone();
        tokio::spawn(async move {
            while let Ok(frame) = read_frame(&mut from_core).await {
                let Ok(ResponseFrame { id, response }) = decode(&frame) else { break };
                deliver(&of_reader, id, response);
            }
            of_reader.close();
        });
        Ok((Link { to_core, shared }, hello))
    }

    pub fn is_closed(&self) -> bool {
        self.shared.closed.load(Ordering::SeqCst)
    }

    pub async fn call(&self, request: Request, time: Duration) -> Result<Response, EngineError> {
        let (sender, answer) = oneshot::channel();
        let id = self.send(request, Waiter::Once(sender)).await?;
        // Also when the caller goes away, nothing is left behind.
        let _forget = Forget { shared: &self.shared, id };
        match tokio::time::timeout(time, answer).await {
            Ok(Ok(Response::Error(error))) => Err(EngineError::Core(error)),
            Ok(Ok(response)) => Ok(response),
            Ok(Err(_)) => Err(EngineError::Lost("the core closed it".to_owned())),
            Err(_) => Err(EngineError::Timeout(time)),
        }
    }

    /// All answers to one request, until either side goes away.
    pub async fn stream(&self, request: Request) -> Result<mpsc::Receiver<Response>, EngineError> {
        let (sender, answers) = mpsc::channel(EVENTS_QUEUE_MAX);
        self.send(request, Waiter::Stream(sender)).await?;
        Ok(answers)
    }

    async fn send(&self, request: Request, waiter: Waiter) -> Result<u64, EngineError> {
        let lost = || EngineError::Lost("the core closed it".to_owned());
        let id = self.shared.next_id.fetch_add(1, Ordering::Relaxed);
        let frame = encode(&RequestFrame { id, request })
            .map_err(|error| EngineError::Failed(format!("cannot encode the request: {error}")))?;
        self.shared.waiting().insert(id, waiter);
        if self.to_core.send(frame).await.is_err() || self.is_closed() {
            self.shared.waiting().remove(&id);
            return Err(lost());
        }
        Ok(id)
    }
}

struct Forget<'a> {
    shared: &'a Shared,
    id: u64,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.shared.waiting().remove(&self.id);
    }
}

fn deliver(shared: &Shared, id: u64, response: Response) {
    let mut waiting = shared.waiting();
    let keep = match waiting.remove(&id) {
        Some(Waiter::Once(sender)) => {
            let _ = sender.send(response);
            None
        }
        // A reader that does not keep up loses its stream and asks again from its last number.
        Some(Waiter::Stream(sender)) => sender.try_send(response).is_ok().then_some(sender),
        None => None,
    };
    if let Some(sender) = keep {
        waiting.insert(id, Waiter::Stream(sender));
    }
}

fn encode(value: &impl serde::Serialize) -> std::io::Result<Vec<u8>> {
    let mut frame = vec![0; 4];
    serde_json::to_writer(&mut frame, value)?;
    let length = frame.len() - 4;
    if length > FRAME_BYTES_MAX {
        return Err(std::io::Error::other("the request is too long"));
    }
    frame[..4].copy_from_slice(&(length as u32).to_be_bytes());
    Ok(frame)
}

fn decode<T: serde::de::DeserializeOwned>(frame: &[u8]) -> std::io::Result<T> {
    Ok(serde_json::from_slice(frame)?)
}

async fn read_frame(from: &mut OwnedReadHalf) -> std::io::Result<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length).await?;
    let length = u32::from_be_bytes(length) as usize;
    if length > FRAME_BYTES_MAX {
        return Err(std::io::Error::other("a frame is longer than the protocol allows"));
    }
    // Grows with what arrives, not with what was promised.
    let mut frame = Vec::with_capacity(length.min(1 << 20));
    let mut rest = from.take(length as u64);
    rest.read_to_end(&mut frame).await?;
    if frame.len() < length {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    Ok(frame)
}
