//! Patches of CIBs in Pacemaker's patchset format 2, as `crm_diff` makes and applies them.
//!
//! A patch lists deletions, changed attributes, and creations and moves with their final
//! positions. Paths name elements by their ids in the old document.

mod apply;
mod diff;

use crate::{Cib, Version};
use rhapsody_xml::{Document, Element, ParseError};
use thiserror::Error;

pub use diff::diff;

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PatchError {
    #[error("the patch is not well-formed XML: {0}")]
    Syntax(#[from] ParseError),
    #[error("not a patch of format 2: {0}")]
    Format(String),
    #[error("the patch was made for version {source_version}, the CIB has {found}")]
    Stale { source_version: Version, found: Version },
    #[error("the patch does not fit: nothing at `{0}`")]
    NoMatch(String),
}

/// A parsed patch.
#[derive(Debug, Clone)]
pub struct Patch {
    doc: Document,
}

impl Patch {
    pub fn parse(text: &str) -> Result<Patch, PatchError> {
        let doc = Document::parse(text)?;
        let root = doc.root();
        if doc.name(root) != "diff" {
            let name: String = doc.name(root).chars().take(60).collect();
            return Err(PatchError::Format(format!("the root element is `{name}`")));
        }
        match doc.attr(root, "format") {
            Some("2") => Ok(Patch { doc }),
            Some(other) => {
                let other: String = other.chars().take(20).collect();
                Err(PatchError::Format(format!("format `{other}` is not known")))
            }
            None => Err(PatchError::Format("it has no format".into())),
        }
    }

    /// The version it was made from, if it says so.
    pub fn source(&self) -> Option<Version> {
        self.version("source")
    }

    /// The version it leads to.
    pub fn target(&self) -> Option<Version> {
        self.version("target")
    }

    fn version(&self, name: &str) -> Option<Version> {
        let doc = &self.doc;
        let e = doc.child(doc.child(doc.root(), "version")?, name)?;
        let number = |attr| doc.attr(e, attr)?.parse().ok();
        Some(Version::new(number("admin_epoch")?, number("epoch")?, number("num_updates")?))
    }

    fn changes(&self) -> impl Iterator<Item = Element> {
        self.doc.children_named(self.doc.root(), "change")
    }

    /// Does it touch anything below `<configuration>`? Patches of the status alone change no epoch.
    pub fn changes_configuration(&self) -> bool {
        self.changes().any(|c| {
            let path = self.doc.attr(c, "path").unwrap_or("");
            path.starts_with("/cib/configuration")
                || (path == "/cib" && self.doc.attr(c, "operation") == Some("create"))
        })
    }

    /// Applies it if it was made from this `(admin_epoch, epoch)`. On error nothing has changed.
    pub fn apply(&self, cib: &mut Cib) -> Result<(), PatchError> {
        let found = cib.version();
        if let Some(source_version) = self.source()
            && source_version.base() != found.base()
        {
            return Err(PatchError::Stale { source_version, found });
        }
        self.apply_unchecked(cib)
    }

    /// Applies it whatever version the CIB has. On error nothing has changed.
    pub fn apply_unchecked(&self, cib: &mut Cib) -> Result<(), PatchError> {
        apply::apply(&self.doc, cib)?;
        if let Some(target) = self.target()
            && cib.version() != target
        {
            cib.set_version(target);
        }
        Ok(())
    }
}

/// Parses and applies a patch; see [`Patch::apply`].
pub fn apply(cib: &mut Cib, patch: &str) -> Result<(), PatchError> {
    Patch::parse(patch)?.apply(cib)
}

#[cfg(test)]
mod tests;
