//! A CIB with mistakes in it.

use super::Random;
use super::words::IDS;
use rhapsody_cib::Cib;

/// A few edits, sensible or not.
pub fn mutate(cib: &mut Cib, random: &mut Random) {
    const NAMES: &[&str] = &[
        "primitive",
        "group",
        "clone",
        "rule",
        "nvpair",
        "meta_attributes",
        "rsc_location",
        "resource_set",
        "tag",
        "x-y",
    ];
    const VALUES: &[&str] = &["", "vip", "true", "-1", "INFINITY", "web", "Master", "1.5", "☃", "2030-01-01"];
    for _ in 0..1 + random.below(6) {
        let all: Vec<_> = cib.descendants(cib.root()).collect();
        let element = all[random.below(all.len())];
        if element == cib.root() {
            continue;
        }
        let names: Vec<String> = cib.attrs(element).map(|(name, _)| name.to_owned()).collect();
        match random.below(7) {
            0 => cib.remove(element),
            1 if !names.is_empty() => {
                cib.remove_attr(element, &names[random.below(names.len())]);
            }
            2 | 3 if !names.is_empty() => {
                cib.set_attr(element, &names[random.below(names.len())], random.pick(VALUES))
            }
            4 => {
                let parent = cib.parent(element).unwrap_or_else(|| cib.root());
                cib.duplicate(element, parent, random.below(4));
            }
            5 => cib.rename(element, random.pick(NAMES)),
            _ => {
                let child = cib.append(element, random.pick(NAMES));
                cib.set_attr(child, "id", random.pick(IDS));
            }
        }
    }
}
