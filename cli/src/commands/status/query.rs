//! `status query resource ID QUESTION`: yes or no by the exit code (0, 2), for scripts.

use super::model;
use crate::Done;
use crate::context::Context;
use crate::failure::Failure;
use rhapsody_status::Resource;

pub fn run(context: &mut Context, words: &[String]) -> Done {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let ["resource", id, question, rest @ ..] = words.as_slice() else {
        return Err(super::super::usage());
    };
    let quiet = context.options.has("--quiet");
    let status = model::get(context)?;
    let found = status.find(id);
    if *question == "exists" {
        return answer(context, !found.is_empty(), quiet);
    }
    if found.is_empty() {
        return Err(Failure::Message(format!("Resource '{id}' does not exist")));
    }
    match (*question, rest) {
        ("get-nodes", []) => {
            let mut nodes: Vec<&str> = found.iter().flat_map(|r| &r.nodes).map(|n| n.name.as_str()).collect();
            nodes.sort_unstable();
            nodes.dedup();
            for node in nodes {
                context.line(node);
            }
            Ok(())
        }
        ("get-members", []) => {
            for member in &found {
                context.line(&member.id);
            }
            Ok(())
        }
        ("is-state", [state, rest @ ..]) => {
            let on = match rest {
                [] => None,
                ["on-node", node] => Some(*node),
                _ => return Err(super::super::usage()),
            };
            let is = in_state(state)?;
            let there = |r: &&Resource| on.is_none_or(|node| r.nodes.iter().any(|n| n.name == node));
            let yes = found.iter().any(|r| there(r) && is(r));
            answer(context, yes, quiet)
        }
        _ => Err(Failure::Message(format!(
            "'status query resource {id} {question}' is not there yet; there are: exists, get-nodes, get-members, \
             is-state STATE [on-node NODE]"
        ))),
    }
}

fn answer(context: &mut Context, yes: bool, quiet: bool) -> Done {
    if !quiet {
        context.line(if yes { "True" } else { "False" });
    }
    if yes { Ok(()) } else { Err(Failure::Code(2)) }
}

fn in_state(state: &str) -> Result<fn(&Resource) -> bool, Failure> {
    Ok(match state.to_ascii_lowercase().as_str() {
        "started" => |r| r.role == "Started",
        "stopped" => |r| r.role == "Stopped",
        "promoted" => |r| r.role == "Promoted",
        "unpromoted" => |r| r.role == "Unpromoted",
        "active" => |r| r.active,
        "failed" => |r| r.failed,
        "blocked" => |r| r.blocked,
        "disabled" => |r| r.disabled,
        "enabled" => |r| !r.disabled,
        "managed" => |r| r.managed,
        "unmanaged" => |r| !r.managed,
        "maintenance" => |r| r.maintenance,
        "orphaned" => |r| r.orphaned,
        "starting" => |r| r.pending == Some("Starting"),
        "stopping" => |r| r.pending == Some("Stopping"),
        "promoting" => |r| r.pending == Some("Promoting"),
        "demoting" => |r| r.pending == Some("Demoting"),
        "migrating" => |r| r.pending == Some("Migrating"),
        "monitoring" => |r| r.pending == Some("Monitoring"),
        "pending" => |r| r.pending.is_some(),
        _ => {
            return Err(Failure::Message(format!(
                "'{state}' is not a state, use one of: active, blocked, demoting, disabled, enabled, failed, \
                 maintenance, managed, migrating, monitoring, orphaned, pending, promoted, promoting, started, \
                 starting, stopped, stopping, unmanaged, unpromoted"
            )));
        }
    })
}
