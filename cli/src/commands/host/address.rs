//! `addr=ADDRESS[:PORT]`: names, IPv4, IPv6 with and without brackets.

use crate::live::PORT;

pub use crate::live::known_hosts::Destination;

/// Splits an address; says what is wrong with it.
pub fn parse(text: &str) -> Result<Destination, String> {
    let bad_port = |port: &str| {
        format!(
            "Invalid port number in address '{text}': '{port}', use a number from 1 to 65535 after the ':'"
        )
    };
    let (addr, port) = if let Some(rest) = text.strip_prefix('[') {
        match rest.split_once(']') {
            Some((addr, "")) => (addr, None),
            Some((addr, port)) if port.starts_with(':') => (addr, Some(&port[1..])),
            _ => return Err(format!("'{text}' is not an address, write [IPV6]:PORT")),
        }
    } else {
        match text.split_once(':') {
            // More than one colon without brackets is an IPv6 address, and no port.
            Some((_, port)) if port.contains(':') => (text, None),
            Some((addr, port)) => (addr, Some(port)),
            None => (text, None),
        }
    };
    if addr.is_empty() {
        return Err("an empty address is no address, write addr=ADDRESS[:PORT]".to_owned());
    }
    let port = match port {
        None => PORT,
        Some(port) => port.parse().ok().filter(|port| *port > 0).ok_or_else(|| bad_port(port))?,
    };
    Ok(Destination { addr: addr.to_owned(), port })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_every_kind_are_split() {
        for (text, addr, port) in [
            ("n1", "n1", 2224),
            ("n1:3000", "n1", 3000),
            ("192.0.2.1:1", "192.0.2.1", 1),
            ("fe80::1", "fe80::1", 2224),
            ("[fe80::1]", "fe80::1", 2224),
            ("[fe80::1]:99", "fe80::1", 99),
        ] {
            assert_eq!(parse(text), Ok(Destination { addr: addr.into(), port }), "{text}");
        }
        for text in ["", "n1:", "n1:0", "n1:65536", "n1:x", "[fe80::1", "[fe80::1]9"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
