//! Reading the CIB into the model: options, nodes, resources, tickets, then the status.

pub mod attributes;
mod bundle;
mod clone;
mod container;
mod definition;
mod expiry;
pub mod failcount;
pub(crate) mod fence;
pub mod health;
pub(crate) mod history;
mod migration;
mod node_state;
mod nodes;
pub mod op_meta;
pub(crate) mod operation;
mod options;
mod outcome;
mod remote;
pub(crate) mod resources;
pub mod rules;
mod settle;
mod status;
pub mod values;

use crate::model::{Cluster, Definition};
use rhapsody_xml::{Document, Element};
use rustc_hash::FxHashMap;
use std::cell::Cell;
use std::sync::Arc;

/// The document and the places in it that are needed again and again.
pub struct Env<'a> {
    pub doc: &'a Document,
    pub now: i64,
    pub rsc_defaults: Vec<Element>,
    pub op_defaults: Vec<Element>,
    /// The input is a file that may lack secrets: a matching digest without them is enough.
    pub sanitized: bool,
    /// When a rule that was evaluated changes its answer.
    pub next_change: Cell<Option<i64>>,
}

impl<'a> Env<'a> {
    pub fn new(doc: &'a Document, now: i64) -> Env<'a> {
        let section = |name: &str| {
            let configuration = doc.child(doc.root(), "configuration")?;
            doc.child(configuration, name)
        };
        let blocks = |name: &str| match section(name) {
            Some(s) => doc.children_named(s, "meta_attributes").collect(),
            None => Vec::new(),
        };
        Env {
            doc,
            now,
            rsc_defaults: blocks("rsc_defaults"),
            op_defaults: blocks("op_defaults"),
            sanitized: false,
            next_change: Cell::new(None),
        }
    }

    pub fn context(&self) -> rules::Context<'_> {
        rules::Context { now: self.now, next_change: Some(&self.next_change), ..rules::Context::default() }
    }

    pub fn section(&self, name: &str) -> Option<Element> {
        let configuration = self.doc.child(self.doc.root(), "configuration")?;
        self.doc.child(configuration, name)
    }

    pub fn status(&self) -> Option<Element> {
        self.doc.child(self.doc.root(), "status")
    }
}

/// The model being built.
pub(crate) struct Reader<'a> {
    pub env: &'a Env<'a>,
    pub c: Cluster,
    definitions: FxHashMap<Element, Arc<Definition>>,
    /// Meta-attributes of a clone's child, which are the same for all instances.
    metas: FxHashMap<(Element, Option<crate::model::ResourceIdx>), resources::SharedMeta>,
    history: history::Index,
    stop_needed: Vec<crate::model::ResourceIdx>,
}

/// Read everything. Nothing is decided, but what the history already asks for is in `requests`.
pub fn unpack(env: &Env) -> Cluster {
    let mut reader = Reader {
        env,
        c: Cluster { now: env.now, ..Cluster::default() },
        definitions: FxHashMap::default(),
        metas: FxHashMap::default(),
        history: history::Index::default(),
        stop_needed: Vec::new(),
    };
    reader.options();
    reader.nodes();
    reader.remote_nodes();
    reader.resources();
    reader.tags();
    reader.status();
    reader.c.recheck_at = match (reader.c.recheck_at, env.next_change.get()) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    reader.c
}
