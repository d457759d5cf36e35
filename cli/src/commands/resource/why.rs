//! `resource why`: every score, ban and obstacle behind where a resource is, from the scheduler's own run.

use crate::Done;
use crate::commands::status::model;
use crate::commands::usage;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::json;
use rhapsody_scheduler::explain::{NodeReasons, Reasons, explain};
use rhapsody_scheduler::model::{INFINITY, Role};
use serde_json::{Value, json};

pub fn run(context: &mut Context, words: &[String]) -> Done {
    let (id, node) = match words {
        [id] => (id, None),
        [id, node] => (id, Some(node)),
        _ => return Err(usage()),
    };
    let format = context.format(&["text", "json"])?;
    let cib = model::cib(context)?;
    let mut all = explain(&cib, model::now(), id).map_err(Failure::Message)?;
    if let Some(node) = node {
        if !all.iter().flat_map(|r| &r.nodes).any(|n| n.node == node) {
            return Err(Failure::Message(format!("there is no node '{node}'")));
        }
        all.iter_mut().for_each(|r| r.nodes.retain(|n| n.node == node));
    }
    if format == "json" {
        let value = Value::Array(all.iter().map(as_json).collect());
        context.line(json::line(&value));
        return Ok(());
    }
    for (i, reasons) in all.iter().enumerate() {
        if i > 0 {
            context.line("");
        }
        for line in lines(reasons) {
            context.line(line);
        }
    }
    Ok(())
}

fn score_text(score: i32) -> String {
    match score {
        INFINITY.. => "INFINITY".to_owned(),
        _ if score <= -INFINITY => "-INFINITY".to_owned(),
        _ => score.to_string(),
    }
}

fn part_text(score: i32) -> String {
    if score < 0 { score_text(score) } else { format!("+{}", score_text(score)) }
}

fn lines(r: &Reasons) -> Vec<String> {
    let now = match r.active_on.as_slice() {
        [] => "runs nowhere".to_owned(),
        nodes => format!("{} on {}", r.role, nodes.join(", ")),
    };
    let next = match &r.assigned {
        Some(node) => format!("{} on {node}", role_word(r.next_role)),
        None => "nowhere".to_owned(),
    };
    let mut lines = vec![format!("{} ({}): {now}; wanted: {next}", r.id, r.agent)];
    lines.extend(r.conditions.iter().map(|c| format!("  {c}")));
    if let Some(reason) = &r.role_reason {
        lines.push(format!("  {} is wanted because of: {reason}", r.next_role));
    }
    if let Some(score) = r.promotion_score {
        lines.push(format!("  promotion score: {}", score_text(score)));
    }
    lines.push(match &r.change {
        None => "  the transition changes nothing".to_owned(),
        Some(change) => {
            let why = change.reason.as_ref().map_or(String::new(), |r| format!(" due to {r}"));
            let blocked = if change.is_blocked { ", and that is blocked" } else { "" };
            format!("  the transition: {}{why}{blocked}", change.change.to_ascii_lowercase())
        }
    });
    r.nodes.iter().for_each(|node| node_lines(node, &mut lines));
    lines
}

/// An ordinary resource that runs is started.
fn role_word(role: Role) -> Role {
    if role == Role::Unknown { Role::Started } else { role }
}

fn node_lines(n: &NodeReasons, lines: &mut Vec<String>) {
    let score = n.score.map_or("not considered".to_owned(), score_text);
    let chosen = if n.is_chosen { " (chosen)" } else { "" };
    lines.push(format!("  * {}: {score}{chosen}", n.node));
    for part in &n.parts {
        lines.push(format!("      {:<10} {}", part_text(part.score), part.cause));
    }
    lines.extend(n.obstacles.iter().map(|o| format!("      {o}")));
}

fn as_json(r: &Reasons) -> Value {
    let node = |n: &NodeReasons| {
        let parts: Vec<Value> = n
            .parts
            .iter()
            .map(|p| {
                json!({
                    "score": score_text(p.score),
                    "kind": p.cause.kind(),
                    "id": p.cause.id(),
                    "text": p.cause.to_string(),
                })
            })
            .collect();
        json!({
            "node": n.node.as_str(),
            "score": n.score.map(score_text),
            "chosen": n.is_chosen,
            "contributions": parts,
            "obstacles": n.obstacles,
        })
    };
    let change = r.change.as_ref().map(|c| {
        json!({
            "action": c.change,
            "from": c.from.as_deref(),
            "to": c.to.as_deref(),
            "reason": c.reason,
            "blocked": c.is_blocked,
        })
    });
    json!({
        "id": r.id.as_str(),
        "agent": r.agent,
        "active_on": r.active_on.iter().map(|n| n.as_str()).collect::<Vec<_>>(),
        "role": r.role.as_str(),
        "next_role": r.next_role.as_str(),
        "assigned": r.assigned.as_deref(),
        "promotion_score": r.promotion_score.map(score_text),
        "conditions": r.conditions,
        "role_reason": r.role_reason,
        "change": change,
        "nodes": r.nodes.iter().map(node).collect::<Vec<_>>(),
    })
}
