//! `host auth`: give a password once, keep a token.

use super::address::{self, Destination};
use crate::Done;
use crate::context::Context;
use crate::failure::Failure;
use crate::live::known_hosts::{Host, KnownHosts};
use crate::live::{self, LiveError};
use indexmap::IndexMap;
use serde_json::json;
use std::io::{BufRead, IsTerminal, Write};

pub type Hosts = IndexMap<String, Vec<Destination>>;

pub fn run(context: &mut Context, words: &[String]) -> Done {
    let hosts = parse(words)?;
    if let Some(path) = context.options.value("--token") {
        let token = crate::commands::pcsd::read_token(path)?;
        return with_token(context, &hosts, &token);
    }
    let username = match context.options.value("-u") {
        Some(name) => name.to_owned(),
        None => ask_name()?,
    };
    let password = match context.options.value("-p") {
        Some(word) => word.to_owned(),
        None => ask_password()?,
    };
    // Root authenticates the machine: pcsd keeps the tokens and shares them within the cluster.
    if live::is_root() && context.options.value("--host").is_none() {
        let hosts: serde_json::Map<_, _> = hosts
            .iter()
            .map(|(name, dest_list)| {
                let host = json!({"username": username, "password": password, "dest_list": dest_list});
                (name.clone(), host)
            })
            .collect();
        return context.run("auth.auth_hosts", &json!({ "hosts": hosts })).map(|_| ());
    }
    as_user(&hosts, &username, &password)
}

/// A token that the hosts have been told to accept; no password goes over the wire.
fn with_token(context: &mut Context, hosts: &Hosts, token: &str) -> Done {
    if !live::is_root() || context.options.value("--host").is_some() {
        return Err(Failure::message("--token is for root, who authenticates this machine"));
    }
    let hosts: serde_json::Map<_, _> =
        hosts.iter().map(|(name, dest_list)| (name.clone(), json!({ "dest_list": dest_list }))).collect();
    let request = json!({ "hosts": hosts, "token": token });
    context.run("rhapsody.host.auth_token", &request).map(|_| ())
}

/// Another user gets tokens of his own, in his own file.
pub fn as_user(hosts: &Hosts, username: &str, password: &str) -> Done {
    let told = |e: LiveError| Failure::Message(e.to_string());
    let mut known = KnownHosts::load_own().map_err(told)?;
    let mut failed = false;
    for (name, destinations) in hosts {
        match live::login(name, destinations, username, password) {
            Ok((token, cert_sha256)) => {
                known.insert(name, Host { dest_list: destinations.clone(), token, cert_sha256 });
                eprintln!("{name}: Authorized");
            }
            Err(problem) => {
                failed = true;
                eprintln!("Error: {name}: {problem}");
            }
        }
    }
    known.save_own().map_err(told)?;
    if failed { Err(Failure::Told) } else { Ok(()) }
}

fn parse(words: &[String]) -> Result<Hosts, Failure> {
    let mut hosts = Hosts::new();
    let mut addressed = false;
    for word in words {
        match word.split_once('=') {
            None => {
                let destination = address::parse(word).map_err(Failure::Message)?;
                // `n1:3000` is a mistake pcs users make; a host name has no colon.
                if word.contains(':') && !word.contains("::") {
                    return Err(Failure::Message(format!(
                        "'{word}' is not a host name, write the address after it: NAME addr={word}"
                    )));
                }
                if hosts.insert(word.clone(), vec![destination]).is_some() {
                    return Err(Failure::Message(format!("Host name '{word}' specified multiple times")));
                }
                addressed = false;
            }
            Some(("addr", text)) => {
                let destination = address::parse(text).map_err(Failure::Message)?;
                let Some((_, destinations)) = hosts.last_mut() else {
                    return Err(super::super::usage());
                };
                if !addressed {
                    destinations.clear();
                }
                destinations.push(destination);
                addressed = true;
            }
            Some((option, _)) => {
                return Err(Failure::Message(format!(
                    "Unknown option '{option}' of a host, the only one is addr=<address>[:<port>]"
                )));
            }
        }
    }
    if hosts.is_empty() { Err(super::super::usage()) } else { Ok(hosts) }
}

pub fn ask_name() -> Result<String, Failure> {
    if std::io::stdin().is_terminal() {
        eprint!("Username: ");
        let _ = std::io::stderr().flush();
    }
    line_of_stdin("a user name", "-u USER")
}

pub fn ask_password() -> Result<String, Failure> {
    if std::io::stdin().is_terminal() {
        return rpassword::prompt_password("Password: ")
            .map_err(|e| Failure::Message(format!("cannot read the password: {e}")));
    }
    line_of_stdin("a password", "-p PASSWORD, or the password on stdin")
}

fn line_of_stdin(what: &str, hint: &str) -> Result<String, Failure> {
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|e| Failure::Message(format!("cannot read {what}: {e}")))?;
    let line = line.trim_end_matches(['\r', '\n']);
    if line.is_empty() {
        return Err(Failure::Message(format!("{what} is needed, give {hint}")));
    }
    Ok(line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(line: &str) -> Result<Hosts, Failure> {
        parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn every_host_has_its_addresses() {
        let all = hosts("n1 n2 addr=10.0.0.2:3000 addr=[::2] n3").unwrap();
        let at = |name: &str| -> Vec<String> {
            all[name].iter().map(|d| format!("{} {}", d.addr, d.port)).collect()
        };
        assert_eq!(at("n1"), ["n1 2224"]);
        assert_eq!(at("n2"), ["10.0.0.2 3000", "::2 2224"]);
        assert_eq!(at("n3"), ["n3 2224"]);
    }

    #[test]
    fn nonsense_is_refused() {
        for line in ["", "addr=1.2.3.4", "n1 n1", "n1 foo=bar", "n1 addr=a:b", "n1:2224"] {
            assert!(hosts(line).is_err(), "{line}");
        }
    }
}
