//! Where a tool reads and writes: the core of this node, or the file that `CIB_file` names.

use super::exit::{Exit, Problem};
use rhapsody_api::core::{ConfigVersion, CoreError, Request, Response};
use rhapsody_cib::{Cib, patch};
use rhapsody_client::{Client, ClientError};
use std::path::PathBuf;

/// A change that meets a newer configuration is made again, so often.
const ATTEMPTS: usize = 20;

pub enum Store {
    File(PathBuf),
    Core(Box<Client>),
}

impl Store {
    pub fn open(program: &str) -> Result<Store, Problem> {
        match std::env::var_os("CIB_file") {
            Some(path) if !path.is_empty() => Ok(Store::File(PathBuf::from(path))),
            _ => Ok(Store::Core(Box::new(Client::connect(program)?))),
        }
    }

    pub fn is_file(&self) -> bool {
        matches!(self, Store::File(_))
    }

    /// The text of the CIB.
    pub fn text(&mut self) -> Result<String, Problem> {
        match self {
            Store::File(path) => std::fs::read_to_string(&*path).map_err(|e| {
                Problem::new(Exit::NoSuch, format!("Could not read CIB from {}: {e}", path.display()))
            }),
            Store::Core(core) => match core.request(Request::Snapshot)? {
                Response::Snapshot { cib } => Ok(cib),
                other => Err(unexpected(&other)),
            },
        }
    }

    pub fn cib(&mut self) -> Result<Cib, Problem> {
        let text = self.text()?;
        Cib::parse(&text).map_err(|e| Problem::new(Exit::Config, e.to_string()))
    }

    /// Changes the configuration: `change` gets a CIB and edits it.
    pub fn change<T>(&mut self, change: impl Fn(&mut Cib) -> Result<T, Problem>) -> Result<T, Problem> {
        for _ in 0..ATTEMPTS {
            let old = self.cib()?;
            let mut new = old.clone();
            let result = change(&mut new)?;
            let Some(delta) = patch::diff(&old, &new) else { return Ok(result) };
            match self {
                Store::File(path) => {
                    let mut version = old.version();
                    version.epoch += 1;
                    version.num_updates = 0;
                    new.set_version(version);
                    replace(path, &new.to_xml())?;
                    return Ok(result);
                }
                Store::Core(core) => {
                    let version = old.version();
                    let base = ConfigVersion { admin_epoch: version.admin_epoch, epoch: version.epoch };
                    let request = Request::Apply { patch: delta, base, force: false, user: user() };
                    match core.request(request) {
                        Ok(_) => return Ok(result),
                        // Somebody was faster: make the change from what is there now.
                        Err(ClientError::Core(CoreError::Stale { .. })) => {}
                        Err(e) => return Err(e.into()),
                    }
                }
            }
        }
        Err(Problem::new(Exit::Timeout, "the configuration changes too fast, try again"))
    }

    /// Changes the status section of a file (live, the core does that by its own requests).
    pub fn change_status(&mut self, change: impl Fn(&mut Cib) -> Result<(), Problem>) -> Result<(), Problem> {
        let mut cib = self.cib()?;
        change(&mut cib)?;
        let Store::File(path) = self else {
            return Err(Problem::new(Exit::Error, "the status of a live cluster is not edited"));
        };
        let mut version = cib.version();
        version.num_updates += 1;
        cib.set_version(version);
        replace(path, &cib.to_xml())
    }

    /// The name of this node.
    pub fn local_node(&mut self) -> Result<String, Problem> {
        // Agents are told where they act; a remote node has no core of its own.
        if let Ok(node) = std::env::var("OCF_RESKEY_CRM_meta_on_node")
            && !node.is_empty()
        {
            return Ok(node);
        }
        match self {
            Store::Core(core) => Ok(core.hello().name.clone()),
            Store::File(_) => Ok(rustix::system::uname().nodename().to_string_lossy().into_owned()),
        }
    }

    pub fn request(&mut self, request: Request) -> Result<Response, Problem> {
        match self {
            Store::Core(core) => Ok(core.request(request)?),
            Store::File(_) => {
                Err(Problem::new(Exit::Disconnect, "this needs a running cluster, not CIB_file"))
            }
        }
    }
}

pub fn unexpected(response: &Response) -> Problem {
    Problem::new(Exit::Unavailable, format!("the cluster core answered something else: {response:?}"))
}

fn user() -> Option<String> {
    std::env::var("CIB_user").ok().filter(|name| !name.is_empty())
}

/// Written whole, then renamed over the old one.
fn replace(path: &std::path::Path, text: &str) -> Result<(), Problem> {
    let failed =
        |e: std::io::Error| Problem::new(Exit::CannotCreate, format!("cannot write {}: {e}", path.display()));
    let mut fresh = path.as_os_str().to_owned();
    fresh.push(format!(".new.{}", std::process::id()));
    std::fs::write(&fresh, text).map_err(failed)?;
    std::fs::rename(&fresh, path).map_err(failed)
}
