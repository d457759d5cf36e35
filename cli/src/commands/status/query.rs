//! `status query resource ID QUESTION`: answers for scripts, by the exit code (0 yes, 2 no) and as words.
//!
//! What a resource is and belongs to stands in the configuration; what it does, in the status.

use super::{model, state};
use crate::Done;
use crate::commands::usage;
use crate::context::Context;
use crate::failure::Failure;
use rhapsody_cib::Cib;
use rhapsody_ops::resource::tree;
use rhapsody_status::{Entry, Status};
use rhapsody_xml::Element;

pub fn run(context: &mut Context, words: &[String]) -> Done {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let ["resource", id, question, rest @ ..] = words.as_slice() else { return Err(usage()) };
    if !QUESTIONS.contains(question) {
        return Err(usage());
    }
    let cib = model::cib(context)?;
    let found = tree::find(&cib, id);
    if *question == "exists" {
        return match rest {
            [] => answer(context, found.is_some(), None),
            _ => Err(usage()),
        };
    }
    let resource = found.ok_or_else(|| Failure::Message(format!("Resource '{id}' does not exist")))?;
    let status = Status::new(&cib, model::now());
    let about = About { cib: &cib, status: &status, id, resource };
    match (*question, rest) {
        ("is-stonith", []) => answer(context, tree::is_stonith(&cib, resource), None),
        ("get-type", []) => {
            let mut words = vec![about.kind()];
            words.extend(about.marks());
            print(context, &words.join(" "))
        }
        ("is-type", [kind, marks @ ..]) => {
            let (kind, marks) = wanted_type(kind, marks)?;
            let has = about.marks();
            answer(context, about.kind() == kind && marks.iter().all(|mark| has.contains(mark)), None)
        }
        ("is-in-group", rest) => about.within(context, rest, &["primitive"], "group"),
        ("is-in-clone", rest) => about.within(context, rest, &["group", "primitive"], "clone"),
        ("is-in-bundle", rest) => about.within(context, rest, &["primitive"], "bundle"),
        ("get-members", []) => {
            about.only(&["bundle", "clone", "group"])?;
            for member in tree::members(&cib, resource) {
                print(context, &tree::id(&cib, member))?;
            }
            Ok(())
        }
        ("get-index-in-group", []) => {
            about.only(&["primitive"])?;
            let index = about.index_in_group();
            let index =
                index.ok_or_else(|| Failure::Message(format!("Resource '{id}' is not in a group")))?;
            print(context, &index.to_string())
        }
        ("get-nodes", []) => {
            let mut nodes: Vec<&str> = state::instances(&status, id)
                .into_iter()
                .flatten()
                .flat_map(|resource| &resource.nodes)
                .map(|node| node.name.as_str())
                .collect();
            nodes.sort_unstable();
            nodes.dedup();
            nodes.into_iter().try_for_each(|node| print(context, node))
        }
        ("is-state", [state, rest @ ..]) => {
            let asked = state::Asked::parse(state, rest)?;
            answer(context, asked.holds(&state::instances(&status, id)), None)
        }
        _ => Err(usage()),
    }
}

const QUESTIONS: &[&str] = &[
    "exists",
    "get-index-in-group",
    "get-members",
    "get-nodes",
    "get-type",
    "is-in-bundle",
    "is-in-clone",
    "is-in-group",
    "is-state",
    "is-stonith",
    "is-type",
];

fn print(context: &mut Context, text: &str) -> Done {
    if !context.options.has("--quiet") {
        context.line(text);
    }
    Ok(())
}

/// Yes or no, and what is worth knowing beside it.
fn answer(context: &mut Context, yes: bool, more: Option<&str>) -> Done {
    print(context, if yes { "True" } else { "False" })?;
    if let Some(more) = more {
        print(context, more)?;
    }
    if yes { Ok(()) } else { Err(Failure::Code(2)) }
}

fn wanted_type<'a>(kind: &'a str, marks: &[&'a str]) -> Result<(&'a str, Vec<&'a str>), Failure> {
    if !["bundle", "clone", "group", "primitive"].contains(&kind) {
        return Err(Failure::Message(format!(
            "'{kind}' is not a valid resource type value, use 'bundle', 'clone', 'group', 'primitive'"
        )));
    }
    let possible: &[&str] = match kind {
        "clone" => &["promotable", "unique"],
        "bundle" => &["unique"],
        _ => &[],
    };
    for (at, mark) in marks.iter().enumerate() {
        if marks[..at].contains(mark) || !["promotable", "unique"].contains(mark) {
            return Err(usage());
        }
        if !possible.contains(mark) {
            return Err(Failure::Message(format!("type '{kind}' cannot be '{mark}'")));
        }
    }
    Ok((kind, marks.to_vec()))
}

struct About<'a> {
    cib: &'a Cib,
    status: &'a Status,
    id: &'a str,
    resource: Element,
}

impl About<'_> {
    fn kind(&self) -> &'static str {
        match self.cib.name(self.resource) {
            "group" => "group",
            "clone" | "master" => "clone",
            "bundle" => "bundle",
            _ => "primitive",
        }
    }

    /// `unique` and `promotable`, where they hold.
    fn marks(&self) -> Vec<&'static str> {
        let entry = self.status.resources.iter().find(|entry| entry.id() == self.id);
        let (unique, promotable) = match entry {
            Some(Entry::Clone(clone)) => (clone.unique, clone.promotable),
            Some(Entry::Bundle(bundle)) => (bundle.unique, false),
            _ => (false, false),
        };
        [(unique, "unique"), (promotable, "promotable")]
            .into_iter()
            .filter_map(|(is, mark)| is.then_some(mark))
            .collect()
    }

    fn only(&self, kinds: &[&str]) -> Done {
        if kinds.contains(&self.kind()) {
            return Ok(());
        }
        let kinds: Vec<String> = kinds.iter().map(|kind| format!("'{kind}'")).collect();
        Err(Failure::Message(format!(
            "Resource '{}' has unexpected type '{}'. This command works only for resources of type {}",
            self.id,
            self.kind(),
            kinds.join(", ")
        )))
    }

    /// Is it in this group, clone or bundle (or in any)? The one it is in is named.
    fn within(&self, context: &mut Context, rest: &[&str], kinds: &[&str], wanted: &str) -> Done {
        let asked = match rest {
            [] => None,
            [id] => Some(*id),
            _ => return Err(usage()),
        };
        self.only(kinds)?;
        let mut around = tree::parent(self.cib, self.resource);
        while let Some(element) = around {
            let name = self.cib.name(element);
            if name == wanted || (name == "master" && wanted == "clone") {
                let id = tree::id(self.cib, element);
                return answer(context, asked.is_none_or(|asked| asked == id), Some(&id));
            }
            around = tree::parent(self.cib, element);
        }
        answer(context, false, None)
    }

    fn index_in_group(&self) -> Option<usize> {
        let group = tree::parent(self.cib, self.resource).filter(|e| self.cib.name(*e) == "group")?;
        tree::members(self.cib, group).iter().position(|member| *member == self.resource)
    }
}
