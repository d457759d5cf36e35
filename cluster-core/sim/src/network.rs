//! The network between the machines: each direction of each link by itself.

use crate::rng::Rng;
use crate::tally::{Fault, Tally};
use std::collections::BTreeMap;

#[derive(Debug, Clone, Default)]
pub struct Link {
    /// Nothing passes.
    pub cut: bool,
    pub loss_percent: u64,
    pub duplicate_percent: u64,
    pub delay_ms: u64,
    pub jitter_ms: u64,
}

#[derive(Debug, Default)]
pub struct Network {
    links: BTreeMap<(usize, usize), Link>,
}

impl Network {
    pub fn link(&mut self, from: usize, to: usize) -> &mut Link {
        self.links.entry((from, to)).or_default()
    }

    pub fn is_cut(&self, from: usize, to: usize) -> bool {
        self.links.get(&(from, to)).is_some_and(|l| l.cut)
    }

    pub fn heal(&mut self) {
        self.links.clear();
    }

    /// After how many milliseconds copies of this packet arrive.
    pub fn carry(&self, rng: &mut Rng, tally: &mut Tally, from: usize, to: usize) -> [Option<u64>; 2] {
        let default = Link::default();
        let link = self.links.get(&(from, to)).unwrap_or(&default);
        if link.cut {
            return [None, None];
        }
        if link.loss_percent > 0 && rng.percent(link.loss_percent) {
            tally.count(Fault::Loss);
            return [None, None];
        }
        let mut delay = link.delay_ms;
        if link.jitter_ms > 0 {
            let jitter = rng.below(link.jitter_ms + 1);
            if jitter > 5 {
                tally.count(Fault::Reorder);
            }
            delay += jitter;
        }
        if link.delay_ms > 0 {
            tally.count(Fault::Delay);
        }
        let copy = (link.duplicate_percent > 0 && rng.percent(link.duplicate_percent)).then(|| {
            tally.count(Fault::Duplicate);
            delay + rng.below(200)
        });
        [Some(delay), copy]
    }
}
