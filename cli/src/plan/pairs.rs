//! Blocks of pairs: what to write to come from one to the other.

use crate::output::cmd::pair;
use rhapsody_ops::dto::nvset::Nvset;

/// `name=value` for what is new or different, `name=` for what goes. None when commands cannot say
/// it: they know one block without a rule.
pub fn changes(there: &[Nvset], wanted: &[Nvset]) -> Option<Vec<String>> {
    let plain = |blocks: &[Nvset]| blocks.len() <= 1 && blocks.iter().all(|block| block.rule.is_none());
    if super::same::same(&there, &wanted) {
        return Some(Vec::new());
    }
    if !plain(there) || !plain(wanted) {
        return None;
    }
    let pairs = |blocks: &[Nvset]| -> Vec<(String, String)> {
        let pairs = blocks.iter().flat_map(|block| &block.nvpairs);
        pairs.map(|found| (found.name.clone(), found.value.clone())).collect()
    };
    let (there, wanted) = (pairs(there), pairs(wanted));
    let mut words: Vec<String> =
        wanted.iter().filter(|found| !there.contains(found)).map(|(name, value)| pair(name, value)).collect();
    let gone = there.iter().filter(|(name, _)| !wanted.iter().any(|(other, _)| other == name));
    words.extend(gone.map(|(name, _)| pair(name, "")));
    Some(words)
}
