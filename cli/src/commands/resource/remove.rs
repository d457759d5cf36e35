//! `resource delete`, `remove`

use crate::Done;
use crate::commands::usage;
use crate::context::Context;
use crate::failure::Failure;
use rhapsody_ops::cib_elements::Request;
use rhapsody_ops::work::ForceFlags;
use std::collections::BTreeSet;

pub fn run(context: &mut Context, words: &[String]) -> Done {
    remove(context, words, false)
}

/// Removes resources, or fence devices.
pub fn remove(context: &mut Context, words: &[String], stonith: bool) -> Done {
    if words.is_empty() {
        return Err(usage());
    }
    let mut seen = BTreeSet::new();
    let twice: BTreeSet<String> =
        words.iter().filter(|word| !seen.insert(word.as_str())).map(|word| format!("'{word}'")).collect();
    if !twice.is_empty() {
        let list: Vec<String> = twice.into_iter().collect();
        return Err(Failure::Message(format!("duplicate arguments: {}", list.join(", "))));
    }
    let all = super::configured(context)?;
    let what = if stonith { "stonith resource" } else { "resource" };
    let known = |id: &str| super::ids(&all).any(|known| known == id);
    let missing: BTreeSet<String> =
        words.iter().filter(|word| !known(word)).map(|word| format!("'{word}'")).collect();
    if !missing.is_empty() {
        let s = if missing.len() == 1 { "" } else { "s" };
        let list: Vec<String> = missing.into_iter().collect();
        return Err(Failure::Message(format!("Unable to find {what}{s}: {}", list.join(", "))));
    }
    let wrong: BTreeSet<String> = words
        .iter()
        .filter(|word| super::is_stonith(&all, word) != stonith)
        .map(|word| format!("'{word}'"))
        .collect();
    if !wrong.is_empty() {
        let s = if wrong.len() == 1 { "" } else { "s" };
        let list: Vec<String> = wrong.into_iter().collect();
        let (found, other) = if stonith { ("resource", "resource") } else { ("stonith resource", "stonith") };
        return Err(Failure::Message(format!(
            "This command cannot remove {found}{s}: {}. Use 'rhapsody {other} remove' instead.",
            list.join(", ")
        )));
    }
    let request = Request { ids: words.to_vec(), force_flags: ForceFlags::from(context.force_flags()) };
    context.change("cib.remove_elements", &request)?;
    Ok(())
}
