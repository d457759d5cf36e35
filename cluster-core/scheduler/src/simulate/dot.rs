//! The transition as a drawing, in the language of Graphviz.
//!
//! Green is done, red should be done and cannot, blue need not be done. Milestones are written in
//! orange.

use crate::actions::{ActionIdx, IN_GRAPH, OPTIONAL, PSEUDO};
use crate::plan::Plan;
use rhapsody_transition::ActionId;
use std::fmt::Write;

/// With `all`, what need not be done is drawn too.
pub fn write(plan: &Plan, all: bool) -> String {
    let mut out = String::from(" digraph \"g\" {\n");
    let drawn: Vec<bool> = plan.actions.iter().map(|a| all || a.is(IN_GRAPH) || !a.is(OPTIONAL)).collect();
    let newest_first = || (0..plan.actions.len()).rev().filter(|i| drawn[*i]);
    for i in newest_first() {
        let action = &plan.actions[i];
        let (style, color) = match () {
            () if action.is(IN_GRAPH) => ("bold", "green"),
            () if action.is(OPTIONAL) => ("dashed", "blue"),
            () => ("dashed", "red"),
        };
        let font = if action.is(PSEUDO) { "orange" } else { "black" };
        let label = label(plan, i);
        let _ = writeln!(out, "{label} [ style={style} color=\"{color}\" fontcolor=\"{font}\"]");
    }
    for i in newest_first() {
        for before in plan.inputs(ActionIdx(i as u32), all) {
            let first = before.0 as usize;
            if !drawn[first] {
                continue;
            }
            let both = plan.actions[i].is(IN_GRAPH) && plan.actions[first].is(IN_GRAPH);
            let style = if both { "bold" } else { "dashed" };
            let _ = writeln!(out, "{} -> {} [ style = {style}]", label(plan, first), label(plan, i));
        }
    }
    out.push_str("}\n");
    out
}

fn label(plan: &Plan, i: usize) -> String {
    let action = &plan.actions[i];
    let key = plan.bare_action(ActionId(i as u32 + 1)).key;
    let text = match action.node {
        Some(node) => format!("{key} {}", plan.c[node].name),
        None if action.is(PSEUDO) => key,
        None => format!("{key} <none>"),
    };
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
