//! `resource relations`

use crate::Done;
use crate::commands::usage;
use crate::context::Context;
use rhapsody_ops::resource::relations::{Kind, Node, Request};

pub fn run(context: &mut Context, words: &[String]) -> Done {
    let [id] = words else { return Err(usage()) };
    let full = context.options.has("--full");
    let root: Node = context.get("rhapsody.resource.relations", &Request { resource_id: id.clone() })?;
    let mut lines = Vec::new();
    draw(&root, full, "", "", &mut lines);
    for line in lines {
        context.line(line);
    }
    Ok(())
}

/// `first` stands before the node's own line, `rest` before everything below it.
fn draw(node: &Node, full: bool, first: &str, rest: &str, lines: &mut Vec<String>) {
    lines.push(format!("{first}{}", title(node, full)));
    let bar = if node.members.is_empty() { "  " } else { "|  " };
    for detail in &node.details {
        lines.push(format!("{rest}{bar}{detail}"));
    }
    for (at, member) in node.members.iter().enumerate() {
        let (branch, below) = if at + 1 == node.members.len() { ("`- ", "   ") } else { ("|- ", "|  ") };
        draw(member, full, &format!("{rest}{branch}"), &format!("{rest}{below}"), lines);
    }
}

fn title(node: &Node, full: bool) -> String {
    let relation = |word: &str| if full { format!("{word} ({})", node.id) } else { word.to_owned() };
    let text = match (node.kind, &node.resource) {
        (Kind::Inner, _) => relation("inner resource(s)"),
        (Kind::Outer, _) => relation("outer resource"),
        (Kind::Order, _) => relation("order"),
        (Kind::OrderSet, _) => relation("order set"),
        (Kind::Resource, Some(what)) if full => format!("{} (resource: {what})", node.id),
        (Kind::Resource, _) => node.id.clone(),
    };
    if node.elsewhere { format!("{text} [displayed elsewhere]") } else { text }
}
