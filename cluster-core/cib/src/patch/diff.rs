//! Two CIBs to a patch.

use rhapsody_xml::{Document, Element};
use rustc_hash::{FxHashMap, FxHashSet};

/// The patch that makes `new` of `old`; None when they are equal but for white space.
pub fn diff(old: &Document, new: &Document) -> Option<String> {
    let mut out = Document::new("diff");
    let root = out.root();
    out.set_attr(root, "format", "2");
    let version = out.append(root, "version");
    for (name, doc) in [("source", old), ("target", new)] {
        let e = out.append(version, name);
        for attr in ["admin_epoch", "epoch", "num_updates"] {
            out.set_attr(e, attr, doc.attr(doc.root(), attr).unwrap_or("0"));
        }
    }
    let path = format!("/{}", new.name(new.root()));
    let mut differ = Differ { old, new, out, path, changes: Vec::new(), deletions: 0 };
    differ.element(old.root(), new.root());
    let Differ { out, deletions, changes, .. } = differ;
    (deletions + changes.len() > 0).then(|| {
        let mut out = out;
        for change in changes {
            change.write(&mut out, new);
        }
        out.write(root)
    })
}

/// What comes after the deletions, which are written at once.
enum Change {
    Modify { path: String, set: Vec<String>, unset: Vec<String>, e: Element },
    Create { path: String, position: usize, e: Element },
    Move { path: String, position: usize },
}

impl Change {
    fn write(self, out: &mut Document, new: &Document) {
        let root = out.root();
        let change = out.append(root, "change");
        match self {
            Change::Modify { path, set, unset, e } => {
                out.set_attr(change, "operation", "modify");
                out.set_attr(change, "path", &path);
                let list = out.append(change, "change-list");
                for name in set {
                    let attr = out.append(list, "change-attr");
                    out.set_attr(attr, "name", &name);
                    out.set_attr(attr, "operation", "set");
                    out.set_attr(attr, "value", new.attr(e, &name).unwrap_or(""));
                }
                for name in unset {
                    let attr = out.append(list, "change-attr");
                    out.set_attr(attr, "name", &name);
                    out.set_attr(attr, "operation", "unset");
                }
                let result = out.append(change, "change-result");
                let copy = out.append(result, new.name(e));
                for (name, value) in new.attrs(e) {
                    out.set_attr(copy, name, value);
                }
            }
            Change::Create { path, position, e } => {
                out.set_attr(change, "operation", "create");
                out.set_attr(change, "path", &path);
                out.set_attr(change, "position", &position.to_string());
                out.copy_from(change, usize::MAX, new, e);
            }
            Change::Move { path, position } => {
                out.set_attr(change, "operation", "move");
                out.set_attr(change, "path", &path);
                out.set_attr(change, "position", &position.to_string());
            }
        }
    }
}

struct Differ<'a> {
    old: &'a Document,
    new: &'a Document,
    out: Document,
    /// Of the element being compared.
    path: String,
    changes: Vec<Change>,
    deletions: usize,
}

/// What makes two nodes "the same": name and id, or the text of a comment. The id is empty where a
/// path cannot name the element by it.
type Key<'a> = (&'a str, &'a str);

fn key(doc: &Document, e: Element) -> Key<'_> {
    match doc.comment(e) {
        Some(text) => ("", text),
        None => (doc.name(e), doc.attr(e, "id").filter(|id| !id.contains('\'')).unwrap_or("")),
    }
}

fn push_step(path: &mut String, (name, id): Key) {
    path.push('/');
    path.push_str(name);
    if !id.is_empty() {
        path.push_str("[@id='");
        path.push_str(id);
        path.push_str("']");
    }
}

/// Elements and comments; processing instructions do not take part.
fn nodes(doc: &Document, e: Element) -> Vec<Element> {
    doc.nodes(e).filter(|n| doc.is_element(*n) || doc.comment(*n).is_some()).collect()
}

impl<'a> Differ<'a> {
    /// Two elements of the same key.
    fn element(&mut self, a: Element, b: Element) {
        self.attributes(a, b);
        self.children(a, b);
    }

    /// The same one step down.
    fn child(&mut self, a: Element, b: Element) {
        let length = self.path.len();
        push_step(&mut self.path, key(self.new, b));
        self.element(a, b);
        self.path.truncate(length);
    }

    fn attributes(&mut self, a: Element, b: Element) {
        if self.old.attrs(a).eq(self.new.attrs(b)) {
            return;
        }
        let mut set: Vec<String> = Vec::new();
        for (name, value) in self.new.attrs(b) {
            if self.old.attr(a, name) != Some(value) {
                set.push(name.to_owned());
            }
        }
        let gone = self.old.attrs(a).filter(|(name, _)| !self.new.has_attr(b, name));
        let unset: Vec<String> = gone.map(|(name, _)| name.to_owned()).collect();
        if set.is_empty() && unset.is_empty() {
            // Only the order differs; it counts in digests.
            set = self.new.attrs(b).map(|(name, _)| name.to_owned()).collect();
        }
        self.changes.push(Change::Modify { path: self.path.clone(), set, unset, e: b });
    }

    fn children(&mut self, a: Element, b: Element) {
        let (before, after) = (nodes(self.old, a), nodes(self.new, b));
        if before.is_empty() && after.is_empty() {
            return;
        }
        if self.in_step(&before, &after) {
            for (&old, &new) in before.iter().zip(&after) {
                if self.new.is_element(new) {
                    self.child(old, new);
                }
            }
            return;
        }
        let pairs = self.pairs(&before, &after);
        let kept: FxHashSet<Element> = pairs.iter().map(|p| p.old).collect();
        self.deletions(&before, &kept);
        let mut pairs = pairs.into_iter().peekable();
        for (position, &e) in after.iter().enumerate() {
            match pairs.next_if(|p| p.new == e) {
                None => self.changes.push(Change::Create { path: self.path.clone(), position, e }),
                Some(pair) if self.new.comment(e).is_none() => {
                    self.child(pair.old, pair.new);
                    if pair.moved {
                        let mut path = self.path.clone();
                        push_step(&mut path, key(self.new, e));
                        self.changes.push(Change::Move { path, position });
                    }
                }
                Some(_) => {}
            }
        }
    }

    /// Nearly always: the same children in the same order, each with a name of its own.
    fn in_step(&self, before: &[Element], after: &[Element]) -> bool {
        if before.len() != after.len() {
            return false;
        }
        let mut keys: FxHashSet<Key> = FxHashSet::default();
        let mut nameless = 0;
        for (&old, &new) in before.iter().zip(after) {
            let key = key(self.old, old);
            if key != self::key(self.new, new) || !(key.0.is_empty() || before.len() == 1 || keys.insert(key))
            {
                return false;
            }
            if self.old.has_text(old) || self.new.has_text(new) {
                return false;
            }
            nameless += usize::from(!key.0.is_empty() && key.1.is_empty());
        }
        // A nameless one must be the only one of its element name; sections are.
        if nameless == 0 {
            return true;
        }
        let mut names: FxHashSet<&str> = FxHashSet::default();
        let mut elements = before.iter().filter(|e| self.old.is_element(**e));
        elements.all(|e| names.insert(self.old.name(*e)))
    }

    /// Comments first: they have no name but their position, in which those deleted before do not
    /// count. What can only be named by its element name goes last, when no other has that name.
    fn deletions(&mut self, before: &[Element], kept: &FxHashSet<Element>) {
        let mut gone_comments = 0;
        let mut named = Vec::new();
        let mut nameless = Vec::new();
        for (index, &e) in before.iter().enumerate().filter(|(_, e)| !kept.contains(e)) {
            match key(self.old, e) {
                ("", _) => {
                    self.delete(("comment", ""), Some(index - gone_comments));
                    gone_comments += 1;
                }
                (_, "") => nameless.push(e),
                _ => named.push(e),
            }
        }
        for e in named.into_iter().chain(nameless) {
            self.delete(key(self.old, e), None);
        }
    }

    fn delete(&mut self, key: Key, position: Option<usize>) {
        let mut path = self.path.clone();
        push_step(&mut path, key);
        let root = self.out.root();
        let change = self.out.append(root, "change");
        self.out.set_attr(change, "operation", "delete");
        self.out.set_attr(change, "path", &path);
        if let Some(position) = position {
            self.out.set_attr(change, "position", &position.to_string());
        }
        self.deletions += 1;
    }

    /// The nodes that stay, in their new order.
    fn pairs(&self, before: &[Element], after: &[Element]) -> Vec<Pair> {
        // A name stands for the first element that has it: where one of several has no id, all of
        // that name are one group.
        let mut names: FxHashMap<&str, (usize, usize, bool)> = FxHashMap::default();
        for (doc, list, is_new) in [(self.old, before, false), (self.new, after, true)] {
            for e in list.iter().filter(|e| doc.comment(**e).is_none()) {
                let count = names.entry(doc.name(*e)).or_default();
                *(if is_new { &mut count.1 } else { &mut count.0 }) += 1;
                count.2 |= key(doc, *e).1.is_empty();
            }
        }
        let group = |doc: &'a Document, e: Element| -> Key<'a> {
            match key(doc, e) {
                (name, _)
                    if names.get(name).is_some_and(|(a, b, nameless)| *nameless && (*a > 1 || *b > 1)) =>
                {
                    (name, "")
                }
                key => key,
            }
        };
        let mut groups: FxHashMap<Key, (Vec<usize>, Vec<usize>)> = FxHashMap::default();
        for (i, e) in before.iter().enumerate() {
            groups.entry(group(self.old, *e)).or_default().0.push(i);
        }
        for (i, e) in after.iter().enumerate() {
            groups.entry(group(self.new, *e)).or_default().1.push(i);
        }
        // Keys that are not unique cannot be named by a path: such nodes stay as they are all
        // together, or are all deleted and created again.
        let mut rebuilt: FxHashSet<Key> = FxHashSet::default();
        for (key, (a, b)) in &groups {
            if a.is_empty() || b.is_empty() {
                continue;
            }
            let equal = |(x, y): (&usize, &usize)| self.equal(before[*x], after[*y]);
            let ambiguous = a.len() > 1 || b.len() > 1;
            if !key.0.is_empty() {
                let same_text = |(x, y): (&usize, &usize)| {
                    self.old.text(before[*x]).trim() == self.new.text(after[*y]).trim()
                };
                let fits = if ambiguous {
                    a.len() == b.len() && a.iter().zip(b).all(equal)
                } else {
                    a.iter().zip(b).all(same_text)
                };
                if !fits {
                    rebuilt.insert(*key);
                }
            }
        }
        loop {
            let mut pairs: Vec<Pair> = Vec::new();
            let mut seen: FxHashMap<Key, usize> = FxHashMap::default();
            for &e in after {
                let key = group(self.new, e);
                if rebuilt.contains(&key) {
                    continue;
                }
                let n = seen.entry(key).or_default();
                if let Some(&i) = groups.get(&key).and_then(|g| g.0.get(*n)) {
                    pairs.push(Pair { old: before[i], index: i, new: e, moved: true });
                }
                *n += 1;
            }
            for i in longest_increasing(&pairs) {
                pairs[i].moved = false;
            }
            // A comment is not moved but written anew; so is what a path cannot name.
            let unnamed = |p: &Pair| p.moved && groups[&group(self.new, p.new)].0.len() > 1;
            let again: Vec<Key> = pairs
                .iter()
                .filter(|p| self.new.comment(p.new).is_none() && unnamed(p))
                .map(|p| group(self.new, p.new))
                .collect();
            if again.is_empty() {
                pairs.retain(|p| !p.moved || self.new.comment(p.new).is_none());
                return pairs;
            }
            // Each round rebuilds at least one more key, so this ends.
            rebuilt.extend(again);
        }
    }

    /// The same but for white space?
    fn equal(&self, a: Element, b: Element) -> bool {
        self.old.compact(a) == self.new.compact(b)
    }
}

struct Pair {
    old: Element,
    /// Of `old` among its siblings.
    index: usize,
    new: Element,
    moved: bool,
}

/// The positions of a longest run of pairs whose old order is kept.
fn longest_increasing(pairs: &[Pair]) -> Vec<usize> {
    // Patience sorting: the smallest end of a run of each length, and whom each follows.
    let mut ends: Vec<usize> = Vec::new();
    let mut previous: Vec<Option<usize>> = vec![None; pairs.len()];
    for i in 0..pairs.len() {
        let at = ends.partition_point(|&e| pairs[e].index < pairs[i].index);
        previous[i] = at.checked_sub(1).map(|p| ends[p]);
        if at == ends.len() {
            ends.push(i);
        } else {
            ends[at] = i;
        }
    }
    let mut run = Vec::new();
    let mut at = ends.last().copied();
    while let Some(i) = at {
        run.push(i);
        at = previous[i];
    }
    run
}
