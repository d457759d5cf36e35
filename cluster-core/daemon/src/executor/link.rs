//! The executor's end of its connection to the node process: frames in, frames out, never blocking.

use super::protocol::{FRAME_BYTES_MAX, ToExecutor, ToNode};
use anyhow::bail;
use rhapsody_client::frame;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;

pub struct Link {
    pub stream: UnixStream,
    incoming: Vec<u8>,
    outgoing: Vec<u8>,
}

impl Link {
    pub fn new(stream: UnixStream) -> io::Result<Link> {
        stream.set_nonblocking(true)?;
        Ok(Link { stream, incoming: Vec::new(), outgoing: Vec::new() })
    }

    pub fn wants_to_write(&self) -> bool {
        !self.outgoing.is_empty()
    }

    pub fn send(&mut self, message: &ToNode) -> anyhow::Result<()> {
        self.outgoing.extend(frame::encode(message)?);
        if self.outgoing.len() > FRAME_BYTES_MAX {
            bail!("the node process does not read");
        }
        self.flush()
    }

    pub fn flush(&mut self) -> anyhow::Result<()> {
        while !self.outgoing.is_empty() {
            match self.stream.write(&self.outgoing) {
                Ok(n) => drop(self.outgoing.drain(..n)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Reads what is there. An error is the end of this connection, after the messages before it.
    pub fn receive(&mut self) -> (Vec<ToExecutor>, anyhow::Result<()>) {
        let mut chunk = [0; 16 << 10];
        let end = loop {
            match self.stream.read(&mut chunk) {
                Ok(0) => break Err(anyhow::anyhow!("closed")),
                Ok(n) => self.incoming.extend_from_slice(&chunk[..n]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error.into()),
            }
        };
        let mut messages = Vec::new();
        let mut used = 0;
        let broken = loop {
            let rest = &self.incoming[used..];
            let Some((head, body)) = rest.split_first_chunk::<4>() else { break Ok(()) };
            let length = u32::from_be_bytes(*head) as usize;
            if length > FRAME_BYTES_MAX {
                break Err(anyhow::anyhow!("a frame of {length} bytes"));
            }
            let Some(body) = body.get(..length) else { break Ok(()) };
            used += 4 + length;
            match serde_json::from_slice(body) {
                Ok(message) => messages.push(message),
                Err(error) => break Err(anyhow::anyhow!("not understood: {error}")),
            }
        };
        self.incoming.drain(..used);
        (messages, end.and(broken))
    }
}
