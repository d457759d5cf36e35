//! A patch and a CIB to a new CIB: everything is found first, so that a patch that does not fit
//! changes nothing.

use super::PatchError;
use rhapsody_xml::{Document, Element, xpath};
use rustc_hash::FxHashSet;

enum Edit {
    Delete(Element),
    /// The element, and the one of the patch that has its new attributes.
    Modify(Element, Element),
}

struct Placement {
    position: usize,
    parent: Element,
    /// An element of the CIB, or a node of the patch to copy.
    what: What,
}

enum What {
    Moved(Element),
    Created(Element),
}

pub(super) fn apply(patch: &Document, doc: &mut Document) -> Result<(), PatchError> {
    let (edits, mut placements) = resolve(patch, doc)?;
    // What moves waits at the end of its parent, so that positions count what stays.
    for placement in &placements {
        if let What::Moved(e) = placement.what {
            doc.move_before(e, placement.parent, None);
        }
    }
    for edit in edits {
        match edit {
            Edit::Delete(e) => doc.remove(e),
            Edit::Modify(e, result) => set_attrs(doc, e, patch, result),
        }
    }
    // By parent, then ascending: what is in front of a place is final when it is filled.
    placements.sort_by_key(|p| (p.parent, p.position));
    let mut cursor: Option<(Element, usize, Option<Element>)> = None;
    for placement in placements {
        let Placement { position, parent, what } = placement;
        let (mut index, mut at) = match cursor {
            Some((p, index, at)) if p == parent => (index, at),
            _ => (0, doc.nodes(parent).next()),
        };
        while index < position
            && let Some(here) = at
        {
            index += usize::from(counts(doc, here));
            at = doc.next_node(here);
        }
        match what {
            What::Moved(e) => {
                if at == Some(e) {
                    at = doc.next_node(e);
                } else {
                    doc.move_before(e, parent, at);
                }
            }
            What::Created(e) => {
                doc.copy_before(parent, at, patch, e);
            }
        }
        cursor = Some((parent, index + 1, at));
    }
    Ok(())
}

/// Positions count elements and comments.
fn counts(doc: &Document, e: Element) -> bool {
    doc.is_element(e) || doc.comment(e).is_some()
}

fn resolve(patch: &Document, doc: &Document) -> Result<(Vec<Edit>, Vec<Placement>), PatchError> {
    let format = |text: &str| PatchError::Format(text.to_owned());
    let mut edits = Vec::new();
    let mut placements = Vec::new();
    let mut deleted: FxHashSet<Element> = FxHashSet::default();
    let mut moved: FxHashSet<Element> = FxHashSet::default();
    for change in patch.children_named(patch.root(), "change") {
        let path = patch.attr(change, "path").ok_or_else(|| format("a change without a path"))?;
        let position = patch.attr(change, "position").map(str::parse::<usize>);
        let position = position.transpose().map_err(|_| format("a position that is no number"))?;
        let operation = patch.attr(change, "operation").unwrap_or("");
        let found = find(doc, path, position.filter(|_| operation == "delete"), &deleted);
        let missing = || PatchError::NoMatch(path.to_owned());
        match operation {
            "delete" => {
                // What is gone already need not be deleted.
                if let Some(e) = found {
                    if e == doc.root() {
                        return Err(format("the root element cannot be deleted"));
                    }
                    deleted.insert(e);
                    edits.push(Edit::Delete(e));
                }
            }
            "modify" => {
                let result = patch.child(change, "change-result").and_then(|r| patch.children(r).next());
                let result = result.ok_or_else(|| format("a modification without its result"))?;
                edits.push(Edit::Modify(found.ok_or_else(missing)?, result));
            }
            "create" => {
                let what = patch.nodes(change).next().ok_or_else(|| format("a creation of nothing"))?;
                let parent = found.ok_or_else(missing)?;
                let position = position.unwrap_or(usize::MAX);
                placements.push(Placement { position, parent, what: What::Created(what) });
            }
            "move" => {
                let e = found.ok_or_else(missing)?;
                let parent = doc.parent(e).ok_or_else(|| format("the root element cannot be moved"))?;
                let position = position.ok_or_else(|| format("a move without a position"))?;
                if moved.insert(e) {
                    placements.push(Placement { position, parent, what: What::Moved(e) });
                }
            }
            other => {
                let other: String = other.chars().take(20).collect();
                return Err(PatchError::Format(format!("the operation `{other}` is not known")));
            }
        }
    }
    // Deleting a parent takes its children along; edits inside of it would be lost anyway.
    let is_gone = |e: Element| {
        let mut at = Some(e);
        while let Some(x) = at {
            if deleted.contains(&x) {
                return true;
            }
            at = doc.parent(x);
        }
        false
    };
    if !deleted.is_empty() {
        let under = |e: Element| doc.parent(e).is_some_and(is_gone);
        edits.retain(|edit| match edit {
            Edit::Delete(e) => !under(*e),
            Edit::Modify(e, _) => !is_gone(*e),
        });
        placements.retain(|p| match p.what {
            What::Moved(e) => !is_gone(e),
            What::Created(_) => !is_gone(p.parent),
        });
    }
    Ok((edits, placements))
}

/// The first element at the path that is not deleted; with a position, the comment there.
fn find(doc: &Document, path: &str, comment: Option<usize>, deleted: &FxHashSet<Element>) -> Option<Element> {
    if let (Some(parent), Some(position)) = (path.strip_suffix("/comment"), comment) {
        let parent = find(doc, parent, None, deleted)?;
        let mut left = doc.nodes(parent).filter(|n| counts(doc, *n) && !deleted.contains(n));
        return left.nth(position).filter(|n| doc.comment(*n).is_some());
    }
    match simple_steps(path) {
        Some(steps) => {
            let (first, rest) = steps.split_first()?;
            let fits = |e: Element, (name, id): &(&str, Option<&str>)| {
                doc.name(e) == *name
                    && id.is_none_or(|id| doc.attr(e, "id") == Some(id))
                    && !deleted.contains(&e)
            };
            let mut at = Some(doc.root()).filter(|r| fits(*r, first))?;
            for step in rest {
                at = doc.children(at).find(|c| fits(*c, step))?;
            }
            Some(at)
        }
        None => {
            let found = xpath::select(doc, path).ok()?;
            found.into_iter().find(|e| !deleted.contains(e))
        }
    }
}

/// `/cib/a[@id='x']/b`, the only form that is written; anything else is left to the XPath engine.
fn simple_steps(path: &str) -> Option<Vec<(&str, Option<&str>)>> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        rest = rest.strip_prefix('/')?;
        let end = rest.find(['/', '[']).unwrap_or(rest.len());
        let name = &rest[..end];
        if name.is_empty() || name.contains(['*', '@', '(', ' ', '|']) {
            return None;
        }
        rest = &rest[end..];
        let mut id = None;
        if let Some(predicate) = rest.strip_prefix("[@id='") {
            let end = predicate.find("']")?;
            id = Some(&predicate[..end]);
            rest = &predicate[end + 2..];
        } else if rest.starts_with('[') {
            return None;
        }
        steps.push((name, id));
    }
    (!steps.is_empty()).then_some(steps)
}

/// Makes the attributes of `e` those of `result`, in that order.
fn set_attrs(doc: &mut Document, e: Element, patch: &Document, result: Element) {
    let gone: Vec<String> =
        doc.attrs(e).filter(|(n, _)| !patch.has_attr(result, n)).map(|(n, _)| n.to_owned()).collect();
    for name in gone {
        doc.remove_attr(e, &name);
    }
    for (name, value) in patch.attrs(result) {
        doc.set_attr(e, name, value);
    }
    if !doc.attrs(e).eq(patch.attrs(result)) {
        let all: Vec<String> = doc.attrs(e).map(|(n, _)| n.to_owned()).collect();
        for name in all {
            doc.remove_attr(e, &name);
        }
        for (name, value) in patch.attrs(result) {
            doc.set_attr(e, name, value);
        }
    }
}
