//! One request and one answer, without the HTTP library's types: what handlers see.

use crate::app::App;
use crate::auth::User;
use axum::body::Bytes;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::sync::Arc;

/// A request whose sender may make it.
pub struct Call {
    pub app: Arc<App>,
    pub user: User,
    /// Address of the client, `unix` for the local socket.
    pub peer: Arc<str>,
    pub path: String,
    pub content_type: Option<String>,
    pub query: String,
    pub body: Bytes,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    pub content_type: &'static str,
    pub body: Bytes,
}

pub const HTML: &str = "text/html;charset=utf-8";
pub const JSON: &str = "application/json";

impl Reply {
    pub fn new(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Reply { status, content_type, body: body.into() }
    }

    /// Plain text as v0 sends it.
    pub fn text(text: impl Into<Bytes>) -> Self {
        Self::new(200, HTML, text)
    }

    /// 400 with a text for people: the convention of v0.
    pub fn refused(text: impl Into<Bytes>) -> Self {
        Self::new(400, HTML, text)
    }

    pub fn json(value: &impl serde::Serialize) -> Self {
        Self::json_with(200, value)
    }

    pub fn json_with(status: u16, value: &impl serde::Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(bytes) => Self::new(status, JSON, bytes),
            Err(error) => Self::new(500, HTML, format!("cannot encode the answer: {error}")),
        }
    }

    /// JSON in the clothes of v0.
    pub fn v0(value: &Value) -> Self {
        Self::new(200, HTML, value.to_string())
    }

    /// An error as v2 shapes it.
    pub fn v2_error(status: u16, message: Option<&str>) -> Self {
        Self::json_with(
            status,
            &json!({"http_code": status, "http_error": reason(status), "error_message": message}),
        )
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Content Too Large",
        429 => "Too Many Requests",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    }
}

impl Call {
    /// Arguments of query and body; those of the body come first.
    pub fn form(&self) -> Form {
        let mut pairs = Vec::new();
        if let Ok(body) = std::str::from_utf8(&self.body) {
            decode_into(body, &mut pairs);
        }
        decode_into(&self.query, &mut pairs);
        Form(pairs)
    }

    /// An argument of the body that is no text.
    pub fn form_bytes(&self, name: &str) -> Option<Vec<u8>> {
        let mut parts = self.body.split(|byte| *byte == b'&');
        parts.find_map(|part| Some(decode_bytes(part.strip_prefix(name.as_bytes())?.strip_prefix(b"=")?)))
    }
}

/// Decoded `name=value&...`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Form(Vec<(String, String)>);

impl Form {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A JSON argument, with v0's error.
    pub fn json(&self, name: &str) -> Result<Value, Reply> {
        let text =
            self.get(name).ok_or_else(|| Reply::refused(format!("Missing mandatory parameter '{name}'")))?;
        serde_json::from_str(text)
            .map_err(|error| Reply::refused(format!("Parameter '{name}' is not valid JSON: {error}")))
    }
}

fn decode_into(text: &str, pairs: &mut Vec<(String, String)>) {
    for part in text.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        pairs.push((decode(name).into_owned(), decode(value).into_owned()));
    }
}

/// `%41` and `+`; broken escapes stay as they are, broken UTF-8 is replaced.
fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains(['%', '+']) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(String::from_utf8_lossy(&decode_bytes(text.as_bytes())).into_owned())
}

fn decode_bytes(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while index < bytes.len() {
        let digits = bytes.get(index + 1..index + 3).and_then(|two| std::str::from_utf8(two).ok());
        match (bytes[index], digits.and_then(|two| u8::from_str_radix(two, 16).ok())) {
            (b'%', Some(byte)) => {
                out.push(byte);
                index += 2;
            }
            (b'+', _) => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        index += 1;
    }
    out
}

/// Encodes form pairs for a peer.
pub fn encode(pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<(&str, &[u8])> = pairs.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    encode_bytes(&pairs)
}

/// The same for values that are no text.
pub fn encode_bytes(pairs: &[(&str, &[u8])]) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        encode_into(name.as_bytes(), &mut out);
        out.push('=');
        encode_into(value, &mut out);
    }
    out
}

fn encode_into(bytes: &[u8], out: &mut String) {
    for byte in bytes {
        match *byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(*byte))
            }
            byte => {
                const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
                out.push('%');
                out.push(DIGITS[usize::from(byte >> 4)] as char);
                out.push(DIGITS[usize::from(byte & 15)] as char);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_decoded_and_encoded() {
        let mut pairs = Vec::new();
        decode_into("a=1+2&b=%7B%22x%22%3A1%7D&&c&d=%zz%4&é=%C3%A9&%=%", &mut pairs);
        let form = Form(pairs);
        assert_eq!(form.get("a"), Some("1 2"));
        assert_eq!(form.json("b").unwrap(), json!({"x": 1}));
        assert_eq!((form.get("c"), form.get("d")), (Some(""), Some("%zz%4")));
        assert_eq!((form.get("é"), form.get("%")), (Some("é"), Some("%")));
        assert_eq!(form.json("none").unwrap_err().status, 400);
        assert_eq!(form.json("a").unwrap_err().status, 400);

        let text = "a b&c=d%/é\n+\"";
        let mut back = Vec::new();
        decode_into(&encode(&[("k", text), ("l", "")]), &mut back);
        assert_eq!(back, [("k".to_owned(), text.to_owned()), ("l".to_owned(), String::new())]);

        let bytes: Vec<u8> = (0..=255).collect();
        let sent = encode_bytes(&[("all", &bytes)]);
        assert_eq!(decode_bytes(sent.strip_prefix("all=").unwrap().as_bytes()), bytes);
    }
}
