//! The bytes of a beat: rows as bit sets over the node numbers they mention.

use super::{Beacon, Row};
use crate::NodeId;
use serde::{Deserialize, Serialize};

/// The version of the beat's format.
const VERSION: u8 = 2;

pub(super) struct Beat {
    pub sequence: u64,
    pub row: Row,
    pub rows: Vec<(NodeId, u64, Row)>,
}

#[derive(Serialize, Deserialize)]
struct WireRow {
    id: NodeId,
    sequence: u64,
    beacon: Beacon,
    /// Indexes into `Wire::ids`.
    hears: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    ids: Vec<NodeId>,
    rows: Vec<WireRow>,
}

pub(super) fn encode<'a>(
    sequence: u64,
    own: &Row,
    others: impl Iterator<Item = (NodeId, u64, &'a Row)>,
) -> Vec<u8> {
    let mut wire = Wire { ids: Vec::new(), rows: Vec::new() };
    wire.push(0, sequence, own);
    let mut bytes = wire.to_bytes();
    for (id, sequence, row) in others {
        wire.push(id, sequence, row);
        let longer = wire.to_bytes();
        // What does not fit is left out: the peers have these rows from their owners.
        if longer.len() > crate::DATAGRAM_MAX {
            break;
        }
        bytes = longer;
    }
    bytes
}

pub(super) fn decode(bytes: &[u8]) -> Option<Beat> {
    let (version, rest) = bytes.split_first()?;
    if *version != VERSION {
        return None;
    }
    let wire: Wire = postcard::from_bytes(rest).ok()?;
    let mut rows = wire.rows.into_iter().map(|r| {
        let hears = r.hears.iter().filter_map(|i| wire.ids.get(usize::from(*i)).copied()).collect();
        (r.id, r.sequence, Row { beacon: r.beacon, hears })
    });
    let (_, sequence, row) = rows.next()?;
    Some(Beat { sequence, row, rows: rows.collect() })
}

impl Wire {
    fn push(&mut self, id: NodeId, sequence: u64, row: &Row) {
        let mut hears = Vec::with_capacity(row.hears.len());
        for peer in &row.hears {
            let at = self.ids.iter().position(|i| i == peer).unwrap_or_else(|| {
                self.ids.push(*peer);
                self.ids.len() - 1
            });
            if let Ok(at) = u8::try_from(at) {
                hears.push(at);
            }
        }
        self.rows.push(WireRow { id, sequence, beacon: row.beacon.clone(), hears });
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        // Plain data into memory: postcard has no way to fail on it.
        bytes.extend(postcard::to_allocvec(self).unwrap_or_default());
        bytes
    }
}
