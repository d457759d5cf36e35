//! `resource relations`: what starts, stops or lives with a resource, as a tree.
//!
//! Resources and relations alternate. The tree is grown level by level, so that whatever can be
//! reached in several ways is shown in full where it is nearest to the root; everywhere else it
//! is only named.

use super::tree;
use crate::sections;
use crate::work::{Stop, Work};
use rhapsody_xml::{Document, Element};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashSet, VecDeque};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    pub resource_id: String,
}

/// What a node of the tree is, in the order in which siblings are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Resource,
    Inner,
    Outer,
    Order,
    OrderSet,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    pub kind: Kind,
    pub id: String,
    /// Of a resource: its agent, or `group`, `clone`, `bundle`.
    pub resource: Option<String>,
    /// Of a relation: what it says, line by line.
    pub details: Vec<String>,
    /// Shown in full at another place of the tree.
    pub elsewhere: bool,
    pub members: Vec<Node>,
}

pub fn run(work: &mut Work<'_>, request: Request) -> Result<Node, Stop> {
    let id = &request.resource_id;
    let doc = &work.cib;
    let Some(root) = tree::find(doc, id) else {
        return work.stop("ID_NOT_FOUND", format!("resource '{id}' does not exist"));
    };
    if tree::is_stonith(doc, root) {
        return work
            .stop("RESOURCE_DOES_NOT_ACCEPT_STONITH", "This command does not accept stonith resources.");
    }
    Ok(grow(doc, root))
}

/// A node while the tree grows; parents and children are positions in one list.
struct Growing {
    kind: Kind,
    element: Element,
    parent: Option<usize>,
    elsewhere: bool,
    children: Vec<usize>,
}

fn grow(doc: &Document, root: Element) -> Node {
    let mut all = vec![Growing {
        kind: Kind::Resource,
        element: root,
        parent: None,
        elsewhere: false,
        children: vec![],
    }];
    let mut done: HashSet<(Kind, Element)> = HashSet::new();
    let mut queue = VecDeque::from([0]);
    while let Some(at) = queue.pop_front() {
        if !done.insert((all[at].kind, all[at].element)) {
            all[at].elsewhere = true;
            continue;
        }
        for (kind, element) in around(doc, &all, at) {
            let child = all.len();
            all[at].children.push(child);
            queue.push_back(child);
            all.push(Growing { kind, element, parent: Some(at), elsewhere: false, children: vec![] });
        }
    }
    finish(doc, &all, 0)
}

/// What is next to a node; the way that leads to it is left out.
fn around(doc: &Document, all: &[Growing], at: usize) -> Vec<(Kind, Element)> {
    let node = &all[at];
    let way: Vec<(Kind, Element)> = std::iter::successors(node.parent, |parent| all[*parent].parent)
        .map(|above| (all[above].kind, all[above].element))
        .collect();
    if node.kind != Kind::Resource {
        let members = members(doc, node.kind, node.element).into_iter();
        return members
            .map(|member| (Kind::Resource, member))
            .filter(|member| !way.contains(member))
            .collect();
    }
    let resource = node.element;
    let mut found: Vec<(Kind, Element)> = orders_of(doc, resource);
    if doc.name(resource) != "primitive" {
        // Reached from the only member: there is nobody else in it.
        let below = node.parent.is_some_and(|parent| all[parent].kind == Kind::Outer);
        if !below || tree::members(doc, resource).len() > 1 {
            found.push((Kind::Inner, resource));
        }
    }
    let above = node.parent.is_some_and(|parent| all[parent].kind == Kind::Inner);
    if let Some(outer) = tree::parent(doc, resource).filter(|_| !above) {
        found.push((Kind::Outer, outer));
    }
    found.into_iter().filter(|relation| way.first() != Some(relation)).collect()
}

fn members(doc: &Document, kind: Kind, relation: Element) -> Vec<Element> {
    let named =
        |element: Element, attribute: &str| doc.attr(element, attribute).and_then(|id| tree::find(doc, id));
    // Members of sets in the order of their ids, which decides what is nearest among equals.
    match kind {
        Kind::Resource => Vec::new(),
        Kind::Inner => tree::members(doc, relation),
        Kind::Outer => vec![relation],
        Kind::Order => ["first", "then"].iter().filter_map(|side| named(relation, side)).collect(),
        Kind::OrderSet => {
            let members = doc.descendants(relation).filter(|element| doc.name(*element) == "resource_ref");
            let mut members: Vec<Element> = members.filter_map(|member| named(member, "id")).collect();
            members.sort_by_key(|member| tree::id(doc, *member));
            members
        }
    }
}

fn orders_of(doc: &Document, resource: Element) -> Vec<(Kind, Element)> {
    let Some(section) = sections::get(doc, "constraints") else { return Vec::new() };
    doc.children_named(section, "rsc_order")
        .map(|order| match doc.child(order, "resource_set") {
            Some(_) => (Kind::OrderSet, order),
            None => (Kind::Order, order),
        })
        .filter(|(kind, order)| members(doc, *kind, *order).contains(&resource))
        .collect()
}

fn finish(doc: &Document, all: &[Growing], at: usize) -> Node {
    let node = &all[at];
    let mut members: Vec<Node> = node.children.iter().map(|child| finish(doc, all, *child)).collect();
    members.sort_by(|left, right| (left.kind, &left.id).cmp(&(right.kind, &right.id)));
    let resource = (node.kind == Kind::Resource).then(|| match doc.name(node.element) {
        "primitive" => tree::agent_of(doc, node.element),
        "master" => "clone".to_owned(),
        other => other.to_owned(),
    });
    Node {
        kind: node.kind,
        id: tree::id(doc, node.element),
        resource,
        details: if node.elsewhere { Vec::new() } else { details(doc, node.kind, node.element) },
        elsewhere: node.elsewhere,
        members,
    }
}

fn details(doc: &Document, kind: Kind, relation: Element) -> Vec<String> {
    let attribute = |name: &str, default: &str| doc.attr(relation, name).unwrap_or(default).to_owned();
    match kind {
        Kind::Resource | Kind::Outer => Vec::new(),
        Kind::Inner => {
            let members: Vec<String> =
                tree::members(doc, relation).into_iter().map(|member| tree::id(doc, member)).collect();
            if members.len() > 1 { vec![format!("members: {}", members.join(" "))] } else { Vec::new() }
        }
        Kind::Order => {
            let first_action = attribute("first-action", "start");
            let mut lines = vec![format!(
                "{first_action} {} then {} {}",
                attribute("first", ""),
                attribute("then-action", &first_action),
                attribute("then", "")
            )];
            let about_sides = ["id", "first", "first-action", "then", "then-action"];
            lines.extend(Some(options(doc, relation, &about_sides)).filter(|line| !line.is_empty()));
            lines
        }
        Kind::OrderSet => {
            let line = options(doc, relation, &["id"]);
            let mut lines: Vec<String> = Some(line).filter(|line| !line.is_empty()).into_iter().collect();
            for set in doc.children_named(relation, "resource_set") {
                let ids: Vec<&str> = doc
                    .children_named(set, "resource_ref")
                    .filter_map(|member| doc.attr(member, "id"))
                    .collect();
                let options = options(doc, set, &["id"]);
                let options = if options.is_empty() { options } else { format!(" ({options})") };
                lines.push(format!("   set {}{options}", ids.join(" ")));
            }
            lines
        }
    }
}

/// Attributes by name, without those that are shown otherwise. Truths are shown as words.
fn options(doc: &Document, element: Element, without: &[&str]) -> String {
    let all: BTreeSet<(&str, &str)> =
        doc.attrs(element).filter(|(name, _)| !without.contains(name)).collect();
    let shown = all.into_iter().map(|(name, value)| match (name, value) {
        ("require-all" | "sequential" | "symmetrical", "0") => format!("{name}=false"),
        ("require-all" | "sequential" | "symmetrical", "1") => format!("{name}=true"),
        _ => format!("{name}={value}"),
    });
    shown.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relations(resources: &str, constraints: &str, root: &str) -> Node {
        let doc = Document::parse(&format!(
            "<cib><configuration><resources>{resources}</resources><constraints>{constraints}</constraints>\
             </configuration></cib>"
        ))
        .unwrap();
        grow(&doc, tree::find(&doc, root).unwrap())
    }

    fn shape(node: &Node) -> String {
        let members: Vec<String> = node.members.iter().map(shape).collect();
        let kind = match node.kind {
            Kind::Resource => "",
            Kind::Inner => "in ",
            Kind::Outer => "out ",
            Kind::Order => "order ",
            Kind::OrderSet => "set ",
        };
        let mark = if node.elsewhere { "*" } else { "" };
        match members.is_empty() {
            true => format!("{kind}{}{mark}", node.id),
            false => format!("{kind}{}{mark}[{}]", node.id, members.join(" ")),
        }
    }

    const DUMMY: &str = "class='ocf' provider='x' type='D'";

    #[test]
    fn a_ring_ends_where_it_began() {
        let resources =
            format!("<primitive id='a' {DUMMY}/><primitive id='b' {DUMMY}/><primitive id='c' {DUMMY}/>");
        let ring = "<rsc_order id='1' first='a' then='b'/><rsc_order id='2' first='b' then='c'/>\
                    <rsc_order id='3' first='c' then='a' kind='Optional'/>";
        let found = relations(&resources, ring, "a");
        assert_eq!(shape(&found), "a[order 1[b[order 2[c*]]] order 3[c[order 2*]]]");
        assert_eq!(found.members[1].details, ["start c then start a", "kind=Optional"]);
    }

    #[test]
    fn nobody_is_inside_of_a_clone_beside_its_only_member() {
        let resources = format!(
            "<clone id='c'><group id='g'><primitive id='a' {DUMMY}/><primitive id='b' {DUMMY}/></group></clone>"
        );
        assert_eq!(shape(&relations(&resources, "", "a")), "a[out g[g[in g[b] out c[c]]]]");
        assert_eq!(shape(&relations(&resources, "", "c")), "c[in c[g[in g[a b]]]]");
    }

    #[test]
    fn sets_name_what_does_not_exist_without_following_it() {
        let resources = format!("<primitive id='a' {DUMMY}/>");
        let set = "<rsc_order id='s'><resource_set id='x' sequential='0'><resource_ref id='gone'/>\
                   <resource_ref id='a'/></resource_set></rsc_order>";
        let found = relations(&resources, set, "a");
        assert_eq!(shape(&found), "a[set s]");
        assert_eq!(found.members[0].details, ["   set gone a (sequential=false)"]);
    }
}
