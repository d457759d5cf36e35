//! Frames of the local sockets: four bytes big-endian length, then one JSON value.

use rhapsody_api::core::FRAME_BYTES_MAX;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, Read, Write};

#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("a frame of {0} bytes is longer than allowed")]
    TooLong(usize),
    #[error("{0}")]
    Json(#[from] serde_json::Error),
}

/// Reads one frame. A connection that ends between frames is `UnexpectedEof`.
pub fn read<T: DeserializeOwned>(from: &mut impl Read) -> Result<T, FrameError> {
    read_bounded(from, FRAME_BYTES_MAX)
}

/// Reads one frame of at most `bytes_max`.
pub fn read_bounded<T: DeserializeOwned>(from: &mut impl Read, bytes_max: usize) -> Result<T, FrameError> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length) as usize;
    if length > bytes_max {
        return Err(FrameError::TooLong(length));
    }
    // Grown as the bytes come, so that a length alone does not cost memory.
    let mut body = Vec::with_capacity(length.min(64 << 10));
    from.take(length as u64).read_to_end(&mut body)?;
    if body.len() < length {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    Ok(serde_json::from_slice(&body)?)
}

/// One frame as bytes.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, FrameError> {
    let mut bytes = vec![0; 4];
    serde_json::to_writer(&mut bytes, value)?;
    let length = bytes.len() - 4;
    if length > FRAME_BYTES_MAX {
        return Err(FrameError::TooLong(length));
    }
    bytes[..4].copy_from_slice(&(length as u32).to_be_bytes());
    Ok(bytes)
}

/// Writes one frame with a single call where the socket takes it.
pub fn write<T: Serialize>(to: &mut impl Write, value: &T) -> Result<(), FrameError> {
    to.write_all(&encode(value)?)?;
    Ok(())
}
