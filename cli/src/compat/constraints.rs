//! `crm_resource --ban` and `--clear`: the constraints that carry the tools' own names.

use super::exit::{Exit, Outcome};
use super::store::Store;
use rhapsody_cib::{Cib, Element};

/// Keeps a resource (or its promoted role) off a node until it is cleared.
pub fn ban(store: &mut Store, resource: &str, node: &str, promoted: bool, quiet: bool) -> Outcome {
    let id = format!("cli-ban-{resource}-on-{node}");
    let role = if promoted { "Promoted" } else { "Started" };
    store.change(|cib| {
        let constraints = cib.constraints_mut();
        let there = cib.children(constraints).find(|e| cib.attr(*e, "id") == Some(id.as_str()));
        let location = there.unwrap_or_else(|| cib.append(constraints, "rsc_location"));
        for (name, value) in
            [("id", id.as_str()), ("rsc", resource), ("role", role), ("node", node), ("score", "-INFINITY")]
        {
            cib.set_attr(location, name, value);
        }
        Ok(())
    })?;
    if !quiet {
        eprintln!(
            "WARNING: Creating rsc_location constraint '{id}' with a score of -INFINITY for resource {resource} on \
             {node}.\n\tThis will prevent {resource} from running on {node} until the constraint is removed (clear)"
        );
    }
    Ok(Exit::Ok)
}

/// Removes what `--ban` and `--move` have made for a resource, on all nodes or on one.
pub fn clear(store: &mut Store, resource: &str, node: Option<&str>) -> Outcome {
    let removed = store.change(|cib| {
        let Some(constraints) = cib.constraints() else { return Ok(Vec::new()) };
        let doomed: Vec<Element> =
            cib.children(constraints).filter(|e| is_ours(cib, *e, resource, node)).collect();
        let mut ids = Vec::new();
        for element in doomed {
            ids.push(cib.attr(element, "id").unwrap_or_default().to_owned());
            cib.remove(element);
        }
        Ok(ids)
    })?;
    for id in removed {
        say!("Removing constraint: {id}");
    }
    Ok(Exit::Ok)
}

fn is_ours(cib: &Cib, element: Element, resource: &str, node: Option<&str>) -> bool {
    let id = cib.attr(element, "id").unwrap_or_default();
    match node {
        Some(node) => {
            id == format!("cli-ban-{resource}-on-{node}")
                || (id == format!("cli-prefer-{resource}") && cib.attr(element, "node") == Some(node))
        }
        None => id == format!("cli-prefer-{resource}") || id.starts_with(&format!("cli-ban-{resource}-on-")),
    }
}
