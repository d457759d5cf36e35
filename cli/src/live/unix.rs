//! The local pcsd by its unix socket.

use super::LiveError;
use super::http::{self, Answer};
use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

pub fn post(socket: &Path, path: &str, body: &[u8], timeout: Duration) -> Result<Answer, LiveError> {
    let stream = UnixStream::connect(socket).map_err(|e| match e.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
            LiveError::NotRunning { socket: socket.to_owned() }
        }
        _ => LiveError::Socket { socket: socket.to_owned(), text: e.to_string() },
    })?;
    let failed = |e: io::Error| match e.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
            LiveError::TimedOut { host: "rhapsody-pcsd".to_owned(), seconds: timeout.as_secs() }
        }
        io::ErrorKind::InvalidData => LiveError::BadAnswer { text: e.to_string() },
        _ => LiveError::Socket { socket: socket.to_owned(), text: e.to_string() },
    };
    stream.set_read_timeout(Some(timeout)).map_err(failed)?;
    stream.set_write_timeout(Some(Duration::from_secs(30))).map_err(failed)?;
    http::post_json(stream, path, body).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_socket_says_what_to_type() {
        let e = post(Path::new("/nonexistent/pcsd.sock"), "/", b"{}", Duration::from_secs(1)).unwrap_err();
        let text = e.to_string();
        assert!(text.contains("systemctl start rhapsody-pcsd"), "{text}");
        assert!(text.contains("-f FILE"), "{text}");
    }
}
