//! `stonith update-scsi-devices`: new disks for fence_scsi and fence_mpath while resources run.

use crate::Done;
use crate::commands::config::export;
use crate::commands::usage;
use crate::context::Context;
use crate::failure::Failure;
use rhapsody_ops::dto::resources::Primitive;

const AGENTS: &[&str] = &["fence_mpath", "fence_scsi"];

/// Refused once it is known that it was meant so: without unfencing on every node the resources
/// would lose their disks.
pub fn update(context: &mut Context, words: &[String]) -> Done {
    let [id, rest @ ..] = words else { return Err(usage()) };
    check_words(rest)?;
    let resources = export::get(context)?.resources.unwrap_or_default();
    let device = resources.primitives.iter().find(|found| found.id == *id);
    let Some(device) = device.filter(|found| found.agent_name.standard == "stonith") else {
        return Err(Failure::Message(format!("stonith '{id}' does not exist")));
    };
    if !AGENTS.contains(&device.agent_name.kind.as_str()) {
        return Err(Failure::Message(format!(
            "Resource '{id}' is not a stonith resource or its type '{}' is not supported for devices update. Supported types: {}",
            device.agent_name.kind,
            AGENTS.join(", ")
        )));
    }
    Err(Failure::Message(format!(
        "the devices of '{id}' cannot be changed while resources run: unfencing of nodes is not there yet; stop what uses \
         the disks and run 'rhapsody stonith update {id} devices={}'",
        wanted(device, rest)
    )))
}

/// `set DEVICE...`, or `add DEVICE...` and `delete DEVICE...`.
fn check_words(words: &[String]) -> Done {
    const KEYWORDS: &[&str] = &["set", "add", "delete", "remove"];
    let keyword = |word: &String| KEYWORDS.contains(&word.as_str());
    let begins = words.first().is_some_and(keyword) && !words.last().is_some_and(keyword);
    let empty = words.windows(2).any(|pair| keyword(&pair[0]) && keyword(&pair[1]));
    let mixed =
        words.iter().any(|word| word == "set") && words.iter().filter(|word| keyword(word)).count() > 1;
    if begins && !empty && !mixed { Ok(()) } else { Err(usage()) }
}

/// The devices that there would be.
fn wanted(device: &Primitive, words: &[String]) -> String {
    let pairs = device.instance_attributes.iter().flat_map(|block| &block.nvpairs);
    let now = pairs.filter(|pair| pair.name == "devices").flat_map(|pair| pair.value.split(','));
    let mut devices: Vec<&str> = now.filter(|device| !device.is_empty()).collect();
    let mut keyword = "";
    for word in words {
        match (keyword, word.as_str()) {
            (_, "set") => {
                devices.clear();
                keyword = "add";
            }
            (_, "add") => keyword = "add",
            (_, "delete" | "remove") => keyword = "delete",
            ("add", device) if !devices.contains(&device) => devices.push(device),
            ("delete", device) => devices.retain(|known| *known != device),
            _ => {}
        }
    }
    devices.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rhapsody_ops::dto::nvset::{Nvpair, Nvset};

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn devices_are_set_or_added_and_deleted() {
        let pair = Nvpair { name: "devices".to_owned(), value: "/a,/b".to_owned(), ..Nvpair::default() };
        let block = Nvset { nvpairs: vec![pair], ..Nvset::default() };
        let device = Primitive { instance_attributes: vec![block], ..Primitive::default() };
        assert_eq!(wanted(&device, &words("set /c /d")), "/c,/d");
        assert_eq!(wanted(&device, &words("add /c /a delete /b")), "/a,/c");
        for wrong in ["", "set", "/a", "add delete /a", "set /a add /b", "add /a delete"] {
            assert!(check_words(&words(wrong)).is_err(), "{wrong}");
        }
        assert!(check_words(&words("delete /a add /b")).is_ok());
    }
}
