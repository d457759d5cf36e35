//! One HTTP/1.1 request over a byte stream, without a runtime: a CLI call on the local socket
//! must not pay for more than the bytes it sends.

use std::io::{self, BufRead, BufReader, Read, Write};

/// No answer of ours is longer; a longer one is somebody else's server.
const BODY_BYTES_MAX: u64 = 256 << 20;
const HEAD_BYTES_MAX: u64 = 64 << 10;

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Answer {
    /// What the server says about an error: the message of a JSON answer, else the text.
    pub fn message(&self) -> String {
        if let Ok(value) = serde_json::from_slice::<serde_json::Value>(&self.body) {
            for key in ["error_message", "http_error", "status_msg"] {
                if let Some(text) = value.get(key).and_then(|v| v.as_str()) {
                    return text.to_owned();
                }
            }
        }
        let text = String::from_utf8_lossy(&self.body);
        let text = text.trim();
        if text.is_empty() { "no text".to_owned() } else { text.chars().take(500).collect() }
    }
}

/// Writes a POST of JSON and reads the answer to its end.
pub fn post_json<S: Read + Write>(mut stream: S, path: &str, body: &[u8]) -> io::Result<Answer> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    stream.flush()?;
    read_answer(BufReader::new(stream))
}

fn bad(text: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}

fn read_line<R: BufRead>(reader: &mut R, left: &mut u64) -> io::Result<String> {
    let mut line = String::new();
    let n = reader.by_ref().take(*left).read_line(&mut line)?;
    *left -= n as u64;
    if n == 0 {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the connection ended inside an answer"));
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn read_answer<R: BufRead>(mut reader: R) -> io::Result<Answer> {
    let mut left = HEAD_BYTES_MAX;
    let status_line = read_line(&mut reader, &mut left)?;
    let mut parts = status_line.split(' ');
    let version = parts.next().unwrap_or("");
    let status = parts.next().and_then(|s| s.parse::<u16>().ok());
    let (true, Some(status)) = (version.starts_with("HTTP/1."), status) else {
        return Err(bad("not an HTTP answer"));
    };
    let mut length: Option<u64> = None;
    let mut chunked = false;
    loop {
        let line = read_line(&mut reader, &mut left)?;
        if line.is_empty() {
            break;
        }
        let Some((name, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-length") {
            length = Some(value.parse().map_err(|_| bad("a bad Content-Length"))?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            chunked = value.eq_ignore_ascii_case("chunked");
        }
    }
    let body = if chunked {
        read_chunks(&mut reader)?
    } else {
        let wanted = length.unwrap_or(BODY_BYTES_MAX);
        if wanted > BODY_BYTES_MAX {
            return Err(bad("an answer of more than 256 MiB"));
        }
        let mut body = Vec::new();
        reader.take(wanted).read_to_end(&mut body)?;
        if length.is_some_and(|l| l != body.len() as u64) {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the answer was cut short"));
        }
        body
    };
    Ok(Answer { status, body })
}

fn read_chunks<R: BufRead>(reader: &mut R) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut left = 64;
        let line = read_line(reader, &mut left)?;
        let size = u64::from_str_radix(line.split(';').next().unwrap_or("").trim(), 16)
            .map_err(|_| bad("a bad chunk size"))?;
        if body.len() as u64 + size > BODY_BYTES_MAX {
            return Err(bad("an answer of more than 256 MiB"));
        }
        if size == 0 {
            return Ok(body);
        }
        let before = body.len() as u64;
        reader.by_ref().take(size).read_to_end(&mut body)?;
        if body.len() as u64 - before != size {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the answer was cut short"));
        }
        let mut left = 8;
        read_line(reader, &mut left)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> io::Result<Answer> {
        read_answer(text.as_bytes())
    }

    #[test]
    fn an_answer_is_read_by_length_by_chunks_and_to_the_end() {
        let a = parse("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokXX").unwrap();
        assert_eq!((a.status, a.body.as_slice()), (200, b"ok".as_slice()));
        let a = parse(
            "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
        )
        .unwrap();
        assert_eq!((a.status, a.body.as_slice()), (404, b"abcde".as_slice()));
        let a = parse("HTTP/1.0 500 X\r\n\r\nrest").unwrap();
        assert_eq!((a.status, a.body.as_slice()), (500, b"rest".as_slice()));
    }

    #[test]
    fn a_cut_or_foreign_answer_is_an_error_and_not_half_a_result() {
        for text in [
            "",
            "SSH-2.0-OpenSSH\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok",
            "HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\nok",
            "HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_message_of_an_error_is_the_servers_own() {
        let a =
            parse("HTTP/1.1 400 Bad\r\n\r\n{\"http_code\":400,\"error_message\":\"Malformed JSON data.\"}")
                .unwrap();
        assert_eq!(a.message(), "Malformed JSON data.");
    }
}
