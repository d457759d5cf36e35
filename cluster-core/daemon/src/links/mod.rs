//! The links between nodes: authenticated datagrams over UDP, on a thread of their own.
//!
//! - [`packet`]: the header; [`crypto`]: keys; [`session`]: whose packets count (pure)
//! - [`interfaces`]: addresses of this machine; [`thread`]: sockets and heartbeat

mod crypto;
pub mod interfaces;
mod packet;
mod session;
mod thread;

pub use crypto::Secret;
pub use session::Sessions;
pub use thread::{Addresses, Heard, Links, Setup};
