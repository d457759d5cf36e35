//! The replicated configuration: versions, which of two wins, and what it descends from.

use crate::Cib;
use crate::membership::view::ViewId;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// Which configuration this is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    pub admin_epoch: u64,
    pub epoch: u64,
    /// The view in which it was made. Of two with one version the later made is the one that may
    /// have been acknowledged.
    pub made_in: ViewId,
    /// Of the configuration section, independent of num_updates and of who holds it.
    pub digest: String,
}

impl Stamp {
    pub fn version(&self) -> (u64, u64) {
        (self.admin_epoch, self.epoch)
    }

    /// Greater wins: the version, then the view, then the smallest digest.
    pub fn rank(&self, other: &Stamp) -> Ordering {
        (self.version(), self.made_in, &other.digest).cmp(&(other.version(), other.made_in, &self.digest))
    }
}

/// The last versions that a configuration went through, newest last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lineage(Vec<(u64, u64, u64)>);

/// Versions remembered.
const LINEAGE_MAX: usize = 50;

impl Lineage {
    pub fn push(&mut self, stamp: &Stamp) {
        if self.contains(stamp) {
            return;
        }
        self.0.push((stamp.admin_epoch, stamp.epoch, short(&stamp.digest)));
        if self.0.len() > LINEAGE_MAX {
            self.0.remove(0);
        }
    }

    pub fn contains(&self, stamp: &Stamp) -> bool {
        self.0.contains(&(stamp.admin_epoch, stamp.epoch, short(&stamp.digest)))
    }

    /// Whether the holder of `other` only lags behind. A version older than anything remembered, or
    /// the empty one of a new node, does.
    pub fn descends_from(&self, other: &Stamp) -> bool {
        other.version() == (0, 0)
            || self.contains(other)
            || (self.0.len() == LINEAGE_MAX && (self.0[0].0, self.0[0].1) > other.version())
    }
}

fn short(digest: &str) -> u64 {
    u64::from_str_radix(digest.get(..16).unwrap_or("0"), 16).unwrap_or(0)
}

/// What the node keeps beside the XML on disk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    pub stamp: Stamp,
    pub lineage: Lineage,
}

/// The digest of the `<configuration>` section (and nothing else of the CIB).
pub fn digest(cib: &Cib) -> String {
    let text = cib.configuration().map(|e| cib.compact(e)).unwrap_or_default();
    format!("{:032x}", fingerprint(text.as_bytes()))
}

/// FNV-1a, 128 bits: finds differences, keeps no secrets.
fn fingerprint(bytes: &[u8]) -> u128 {
    bytes.iter().fold(0x6c62272e07bb014262b821756295c58d, |hash, byte| {
        (hash ^ u128::from(*byte)).wrapping_mul(0x0000000001000000000000000000013b)
    })
}

/// A configuration with its identity.
#[derive(Debug, Clone)]
pub struct Held {
    pub cib: Cib,
    pub stamp: Stamp,
    pub lineage: Lineage,
}

impl Held {
    /// Gives a configuration its identity; `before` is what it was made from.
    pub fn new(mut cib: Cib, made_in: ViewId, before: Option<&Lineage>) -> Held {
        strip(&mut cib);
        let version = cib.version();
        let stamp =
            Stamp { admin_epoch: version.admin_epoch, epoch: version.epoch, made_in, digest: digest(&cib) };
        let mut lineage = before.cloned().unwrap_or_default();
        lineage.push(&stamp);
        Held { cib, stamp, lineage }
    }

    pub fn document(&self) -> crate::Document {
        let meta = Meta { stamp: self.stamp.clone(), lineage: self.lineage.clone() };
        crate::Document {
            xml: self.cib.to_xml(),
            meta: postcard::to_allocvec(&meta).unwrap_or_default(),
            admin_epoch: self.stamp.admin_epoch,
            epoch: self.stamp.epoch,
        }
    }

    /// From disk. A file without our meta (made by hand, or by another tool) is taken as it is.
    pub fn load(document: &crate::Document) -> Result<Held, String> {
        let cib = Cib::parse(&document.xml).map_err(|e| e.to_string())?;
        let meta: Meta = postcard::from_bytes(&document.meta).unwrap_or_default();
        let held = Held::new(cib, meta.stamp.made_in, Some(&meta.lineage));
        Ok(held)
    }
}

/// Status is not configuration: it is not kept here, and num_updates starts at 0.
fn strip(cib: &mut Cib) {
    let mut version = cib.version();
    version.num_updates = 0;
    cib.set_version(version);
    if let Some(status) = cib.status() {
        cib.clear(status);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(epoch: u64, view: u64, digest: &str) -> Stamp {
        Stamp { admin_epoch: 0, epoch, made_in: ViewId { counter: view, proposer: 1 }, digest: digest.into() }
    }

    #[test]
    fn the_higher_version_wins_then_the_later_view_then_the_smallest_digest() {
        assert_eq!(stamp(2, 1, "b").rank(&stamp(1, 9, "a")), Ordering::Greater);
        assert_eq!(stamp(2, 1, "a").rank(&stamp(2, 2, "b")), Ordering::Less);
        assert_eq!(stamp(2, 1, "a").rank(&stamp(2, 1, "b")), Ordering::Greater);
        assert_eq!(stamp(2, 1, "a").rank(&stamp(2, 1, "a")), Ordering::Equal);
    }

    #[test]
    fn a_lineage_tells_a_straggler_from_a_rival() {
        let digest = |n: u64| format!("{n:032x}").chars().rev().collect::<String>();
        let mut lineage = Lineage::default();
        for n in 1..=20 {
            lineage.push(&stamp(n, 1, &digest(n)));
        }
        assert!(lineage.descends_from(&stamp(7, 1, &digest(7))));
        assert!(!lineage.descends_from(&stamp(7, 1, &digest(8))));
        assert!(lineage.descends_from(&stamp(0, 0, "x")));
        for n in 21..=90 {
            lineage.push(&stamp(n, 1, &digest(n)));
        }
        assert!(lineage.descends_from(&stamp(3, 1, "gone")));
    }

    #[test]
    fn a_document_comes_back_as_it_was() {
        let mut cib = Cib::empty();
        cib.set_version(rhapsody_cib::Version::new(1, 7, 3));
        let held = Held::new(cib, ViewId { counter: 4, proposer: 2 }, None);
        let again = Held::load(&held.document()).unwrap();
        assert_eq!((again.stamp, again.lineage), (held.stamp.clone(), held.lineage.clone()));
        assert!(Held::load(&crate::Document { xml: "<a/>".into(), ..held.document() }).is_err());
    }
}
