//! What is written down about a running lab, so that any later process can find it again.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use crate::paths::Dir;
use crate::process::Process;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct State {
    pub name: String,
    /// The binary that this lab was made with; its nodes run the programs beside it.
    pub program: PathBuf,
    /// Made by an ordinary user, within a user namespace.
    pub rootless: bool,
    /// Namespaces only: no daemon is started in the nodes.
    pub bare: bool,
    /// Folders that each node has for itself in addition to the usual ones.
    pub private: Vec<PathBuf>,
    pub disks: PathBuf,
    pub supervisor: Option<Process>,
    /// Holders of the namespaces of the segment and of the client.
    pub bridge: Option<Process>,
    pub client: Option<Process>,
    pub nodes: BTreeMap<String, NodeState>,
    /// Directed: frames from the first to the second are dropped.
    pub cuts: Vec<(String, String)>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NodeState {
    /// 1, 2, ...: the last part of the address follows from it.
    pub number: u8,
    pub address: String,
    /// The node's init, while it is on.
    pub init: Option<Process>,
    /// False after `link NODE down`: the cable is out.
    pub link: bool,
    pub paused: bool,
}

impl NodeState {
    pub fn is_on(&self) -> bool {
        self.init.is_some_and(Process::alive)
    }
}

pub const CLIENT: &str = "client";
pub const BRIDGE: &str = "bridge";

impl State {
    pub fn load(dir: &Dir) -> Result<Self> {
        let text = match fs::read(dir.state()) {
            Ok(text) => text,
            Err(e) if e.kind() == ErrorKind::NotFound => {
                let name = dir.path().file_name().unwrap_or_default().to_string_lossy();
                bail!(
                    "there is no lab {name}; see `rhapsody lab list`, or make it: rhapsody lab up --name {name}"
                )
            }
            Err(e) => return Err(e).context("cannot read the lab's state"),
        };
        serde_json::from_slice(&text).with_context(|| format!("{} is damaged", dir.state().display()))
    }

    /// Whole or not at all.
    pub fn save(&self, dir: &Dir) -> Result<()> {
        let path = dir.state();
        let new = path.with_extension("new");
        let write = || -> std::io::Result<()> {
            let mut file = File::create(&new)?;
            file.write_all(&serde_json::to_vec_pretty(self)?)?;
            fs::rename(&new, &path)
        };
        write().with_context(|| format!("cannot write {}", path.display()))
    }

    pub fn node(&self, name: &str) -> Result<&NodeState> {
        self.nodes.get(name).ok_or_else(|| self.unknown(name))
    }

    pub fn node_mut(&mut self, name: &str) -> Result<&mut NodeState> {
        let unknown = self.unknown(name);
        self.nodes.get_mut(name).ok_or(unknown)
    }

    fn unknown(&self, name: &str) -> anyhow::Error {
        let names: Vec<&str> = self.nodes.keys().map(String::as_str).collect();
        anyhow::anyhow!("lab {} has no node {name}; it has {}", self.name, names.join(", "))
    }

    /// The process whose namespaces are the node's (or the client's).
    pub fn holder(&self, name: &str) -> Result<Process> {
        let process = match name {
            CLIENT => self.client,
            BRIDGE => self.bridge,
            _ => self.node(name)?.init,
        };
        match process.filter(|p| p.alive()) {
            Some(process) => Ok(process),
            None if name == CLIENT || name == BRIDGE => {
                bail!("the lab's {name} is dead; end the lab with: rhapsody lab down --name {}", self.name)
            }
            None => bail!("node {name} is off; boot it with: rhapsody lab boot {name} --name {}", self.name),
        }
    }
}

/// Held while the lab is changed, so that a fence and a user do not act on a node at once.
pub struct Locked(#[allow(dead_code)] File);

pub fn lock(dir: &Dir) -> Result<Locked> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(dir.lock())
        .with_context(|| format!("cannot open {}", dir.lock().display()))?;
    flock(&file, FlockOperation::LockExclusive)?;
    Ok(Locked(file))
}
