//! A changed corosync.conf: read for a client who wants it in force, and put in force here when the
//! members have agreed on it.

use super::setup::{self, Setup};
use super::{Happened, RESOLVE_INTERVAL, Shell};
use crate::files::{self, Durable};
use crate::links::Addresses;
use crate::log;
use crate::node_process::socket::ClientId;
use anyhow::{Context, bail};
use rhapsody_conf::Conf;
use rhapsody_node::Input;
use rhapsody_node::config::Layout;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use std::time::Duration;

impl Shell {
    /// A client wants this node's file to be in force.
    pub fn reload(&mut self, client: ClientId, id: u64) -> Option<i32> {
        match self.read_again() {
            Ok(layout) => {
                let id = self.requests.open(client, id);
                self.handle(Input::Reload { id, layout: Box::new(layout) })
            }
            Err(error) => {
                self.refuse(client, id, format!("{error:#}"));
                None
            }
        }
    }

    /// The file as it is now, if members that run can take it.
    fn read_again(&self) -> anyhow::Result<Layout> {
        let next = Setup::read(&self.paths, Some(&self.setup.name))?;
        let settings = |text: &str| Conf::parse(text).map(|conf| conf.settings());
        let mut stops = rhapsody_conf::needs_stop(&settings(&self.setup.text)?, &settings(&next.text)?);
        if next.authkey != self.setup.authkey {
            stops.push("the authkey".to_owned());
        }
        if !stops.is_empty() {
            bail!("a running cluster cannot change {}; stop it on all nodes first", stops.join(", "));
        }
        Ok(next.layout())
    }

    /// It is in force: beat and link by it, and have it at the next start.
    pub fn take_layout(&mut self, layout: &Layout) {
        if let Err(error) = self.keep(layout) {
            log::error(format!("cannot keep the new corosync.conf: {error:#}"));
        }
        let mut next = match setup::parse(&layout.text) {
            Ok(next) => next,
            // The node that had it read it well.
            Err(error) => return log::error(format!("the new corosync.conf is not understood: {error:#}")),
        };
        next.id = self.setup.id;
        next.name.clone_from(&self.setup.name);
        next.authkey = std::mem::take(&mut self.setup.authkey);
        let addresses = self.addresses_of(&next);
        self.setup = next;
        self.addresses.clone_from(&addresses);
        self.links.set_layout(layout.clone(), addresses);
        self.names.watch(&self.setup);
    }

    /// On the disk, unless a file that is as new is there already.
    fn keep(&self, layout: &Layout) -> anyhow::Result<()> {
        let path = self.paths.corosync_conf();
        let there = std::fs::read_to_string(&path).unwrap_or_default();
        if Conf::parse(&there).is_ok_and(|conf| conf.config_version() >= layout.version) {
            return Ok(());
        }
        files::write_whole(&path, layout.text.as_bytes(), Durable::Yes)
            .with_context(|| format!("cannot write {}", path.display()))?;
        // As pcsd writes it: it holds no secret.
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644))?;
        Ok(())
    }

    /// Addresses of a new file; a name that was looked up for the old one is not lost meanwhile.
    fn addresses_of(&self, next: &Setup) -> Addresses {
        let mut addresses = next.addresses(false);
        for (id, links) in &mut addresses {
            let known = self.addresses.get(id);
            for (link, address) in links.iter_mut().enumerate() {
                let written = |setup: &Setup| setup.written.get(id)?.get(link)?.clone();
                let port = next.ports.get(link).copied();
                if address.is_none()
                    && written(next) == written(&self.setup)
                    && let Some(mut old) = known.and_then(|links| links.get(link).copied().flatten())
                {
                    old.set_port(port.unwrap_or(old.port()));
                    *address = Some(old);
                }
            }
        }
        addresses
    }
}

/// Names in corosync.conf: looked up on a thread, because a name server may take its time.
pub struct Names {
    to_loop: SyncSender<Happened>,
    /// Which file's names are looked up; threads of earlier files end.
    generation: Arc<AtomicU64>,
}

impl Names {
    pub fn new(to_loop: SyncSender<Happened>) -> Names {
        Names { to_loop, generation: Arc::default() }
    }

    pub fn is_current(&self, generation: u64) -> bool {
        self.generation.load(Ordering::SeqCst) == generation
    }

    pub fn watch(&self, setup: &Setup) {
        let mine = self.generation.fetch_add(1, Ordering::SeqCst) + 1;
        if !setup.has_names() {
            return;
        }
        let (written, ports) = (setup.written.clone(), setup.ports);
        let (to_loop, generation) = (self.to_loop.clone(), self.generation.clone());
        let work = move || {
            let mut last = None;
            while generation.load(Ordering::SeqCst) == mine {
                let addresses = setup::resolve(&written, &ports, true);
                let complete = addresses.values().flatten().all(Option::is_some);
                if last.as_ref() != Some(&addresses) {
                    last = Some(addresses.clone());
                    if to_loop.send(Happened::Addresses { generation: mine, addresses }).is_err() {
                        return;
                    }
                }
                std::thread::sleep(if complete { RESOLVE_INTERVAL } else { Duration::from_secs(1) });
            }
        };
        let thread = std::thread::Builder::new().name("names".to_owned()).stack_size(512 << 10);
        if let Err(error) = thread.spawn(work) {
            log::error(format!("cannot look up names: {error}"));
        }
    }
}
