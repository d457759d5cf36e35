//! `config checkpoint`: the configurations that this node has kept.

use super::{export, show};
use crate::Done;
use crate::commands::{cluster, usage};
use crate::context::Context;
use crate::failure::Failure;
use crate::options::Options;
use crate::target::Target;
use crate::target_file::FileTarget;
use rhapsody_cib::{Cib, Version};
use serde::Deserialize;
use serde_json::json;
use similar::{Algorithm, ChangeTag, capture_diff_slices};

#[derive(Deserialize)]
struct Found {
    checkpoints: Vec<Checkpoint>,
}

#[derive(Deserialize)]
struct Checkpoint {
    number: u64,
    written: i64,
}

pub fn list(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(usage());
    }
    let found: Found = context.get("rhapsody.config.checkpoints", &json!({}))?;
    if found.checkpoints.is_empty() {
        eprintln!("No checkpoints available");
    }
    for Checkpoint { number, written } in found.checkpoints {
        context.line(format!("checkpoint {number}: date {}", rhapsody_cib::time::format_local(written)));
    }
    Ok(())
}

pub fn view(context: &mut Context, words: &[String]) -> Done {
    let [number] = words else { return Err(usage()) };
    let cib = checkpoint(context, number)?;
    lines(&cib)?.iter().for_each(|line| context.line(line));
    Ok(())
}

pub fn diff(context: &mut Context, words: &[String]) -> Done {
    let [before, after] = words else { return Err(usage()) };
    if before == after {
        return Err(Failure::message("cannot diff a checkpoint against itself"));
    }
    let (mut sides, mut names) = (Vec::new(), Vec::new());
    for word in [before, after] {
        let (cib, name) = match word.as_str() {
            "live" => (cluster::cib_text(context)?, "live configuration".to_owned()),
            number => (checkpoint(context, number)?, format!("checkpoint {number}")),
        };
        sides.push(lines(&cib)?);
        names.push(name);
    }
    context.line(format!("Differences between {} (-) and {} (+):", names[0], names[1]));
    for line in difference(&sides[0], &sides[1]) {
        context.line(line);
    }
    Ok(())
}

/// The CIB becomes what it was; only its version goes on.
pub fn restore(context: &mut Context, words: &[String]) -> Done {
    let [number] = words else { return Err(usage()) };
    let earlier = checkpoint(context, number)?;
    let mut cib = parse(&earlier)?;
    let (then, now) = (cib.version(), parse(&cluster::cib_text(context)?)?.version());
    let highest = (now.admin_epoch, now.epoch).max((then.admin_epoch, then.epoch));
    cib.set_version(Version { admin_epoch: highest.0, epoch: highest.1 + 1, num_updates: 0 });
    let request = json!({ "cib": cib.to_xml(), "force_flags": [] });
    context.change("rhapsody.cluster.cib_push", &request).map(|_| ())
}

/// The CIB of a checkpoint. They belong to a node, also where `-f` names a file.
fn checkpoint(context: &mut Context, word: &str) -> Result<String, Failure> {
    let number: u64 = word.parse().map_err(|_| {
        Failure::Message(format!(
            "'{word}' is not the number of a checkpoint, 'rhapsody config checkpoint' lists them"
        ))
    })?;
    let found = context.run_on_node("rhapsody.config.checkpoint", json!({ "number": number }))?;
    found.as_str().map(str::to_owned).ok_or_else(|| Failure::message("the answer is no CIB"))
}

fn parse(text: &str) -> Result<Cib, Failure> {
    Cib::parse(text).map_err(|error| Failure::Message(format!("unable to parse the checkpoint: {error}")))
}

/// As `config` shows a CIB.
fn lines(cib: &str) -> Result<Vec<String>, Failure> {
    let mut beside = Context::new(Options::default());
    beside.target = Some(Target::File(Box::new(FileTarget::to_be_read(parse(cib)?))));
    let all = export::get(&mut beside)?;
    Ok(show::spaced(show::of_cib(&mut beside, all)?))
}

/// All lines, with what happened to each in front.
fn difference(before: &[String], after: &[String]) -> Vec<String> {
    let mut lines = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, before, after) {
        for change in op.iter_changes(before, after) {
            let sign = match change.tag() {
                ChangeTag::Equal => "  ",
                ChangeTag::Delete => "- ",
                ChangeTag::Insert => "+ ",
            };
            lines.push(format!("{sign}{}", change.value()).trim_end().to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cib(resource: &str, value: &str) -> String {
        format!(
            "<cib epoch='1'><configuration><crm_config><cluster_property_set id='o'>\
             <nvpair id='v' name='stonith-enabled' value='{value}'/></cluster_property_set></crm_config>\
             <nodes/><resources>{resource}</resources><constraints/></configuration><status/></cib>"
        )
    }

    #[test]
    fn a_difference_shows_all_lines_and_what_became_of_them() {
        let before = lines(&cib("", "false")).unwrap();
        let after = lines(&cib("<primitive id='a' class='systemd' type='x'/>", "true")).unwrap();
        let shown = difference(&before, &after);
        assert_eq!(
            shown,
            [
                "+ Resources:",
                "+   Resource: a (class=systemd type=x)",
                "+",
                "  Cluster Properties: o",
                "-   stonith-enabled=false",
                "+   stonith-enabled=true",
            ]
        );
        assert_eq!(difference(&before, &before).len(), before.len());
    }
}
