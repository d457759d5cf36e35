//! What is different between two configurations, for people: changed lines with `-` and `+`, below
//! the elements that they are in.

use rhapsody_xml::{Document, Element};

/// Lines with `- `, `+ ` or two blanks in front, indented by depth. Versions do not count.
pub fn lines(before: &Document, after: &Document) -> Vec<String> {
    let diff = Diff { before, after };
    let mut lines = Vec::new();
    let (old, new) = (before.root(), after.root());
    for name in ["validate-with", "crm_feature_set"] {
        let (was, is) = (before.attr(old, name), after.attr(new, name));
        if was != is {
            lines.extend(was.map(|was| format!("- {name}={was}")));
            lines.extend(is.map(|is| format!("+ {name}={is}")));
        }
    }
    match (before.child(old, "configuration"), after.child(new, "configuration")) {
        (Some(old), Some(new)) => diff.children(old, new, 0, &mut lines),
        (Some(old), None) => all(before, old, '-', 0, &mut lines),
        (None, Some(new)) => all(after, new, '+', 0, &mut lines),
        (None, None) => {}
    }
    lines
}

struct Diff<'a> {
    before: &'a Document,
    after: &'a Document,
}

/// What makes an element the same one in both documents.
fn key(doc: &Document, element: Element) -> (String, String) {
    let id = doc.attr(element, "id").unwrap_or_default();
    (doc.name(element).to_owned(), id.to_owned())
}

impl Diff<'_> {
    fn children(&self, old: Element, new: Element, depth: usize, lines: &mut Vec<String>) {
        let mut left: Vec<Element> = self.before.children(old).collect();
        let news: Vec<Element> = self.after.children(new).collect();
        let olds = left.clone();
        let mut pairs: Vec<(Element, Element)> = Vec::new();
        let mut found = Vec::new();
        for child in &news {
            let wanted = key(self.after, *child);
            let at = left.iter().position(|old| key(self.before, *old) == wanted);
            let partner = at.map(|at| left.remove(at));
            pairs.extend(partner.map(|old| (old, *child)));
            found.push((partner, *child));
        }
        for old in left {
            all(self.before, old, '-', depth, lines);
        }
        for (partner, child) in found {
            match partner {
                Some(old) => self.element(old, child, depth, lines),
                None => all(self.after, child, '+', depth, lines),
            }
        }
        let kept: Vec<Element> =
            olds.into_iter().filter(|old| pairs.iter().any(|(other, _)| other == old)).collect();
        if kept.iter().ne(pairs.iter().map(|(old, _)| old)) {
            let order: Vec<String> = pairs.iter().map(|(_, new)| name(self.after, *new)).collect();
            lines.push(line('+', depth, &format!("in this order: {}", order.join(", "))));
        }
    }

    fn element(&self, old: Element, new: Element, depth: usize, lines: &mut Vec<String>) {
        let (was, is) = (text(self.before, old), text(self.after, new));
        let mut inner = Vec::new();
        self.children(old, new, depth + 1, &mut inner);
        let content = |doc: &Document, element| doc.text(element).trim().to_owned();
        if was != is || content(self.before, old) != content(self.after, new) {
            lines.push(line('-', depth, &was));
            lines.push(line('+', depth, &is));
        } else if !inner.is_empty() {
            lines.push(line(' ', depth, &name(self.after, new)));
        }
        lines.extend(inner);
    }
}

/// An element with all that is in it.
fn all(doc: &Document, element: Element, sign: char, depth: usize, lines: &mut Vec<String>) {
    lines.push(line(sign, depth, &text(doc, element)));
    for child in doc.children(element) {
        all(doc, child, sign, depth + 1, lines);
    }
}

fn line(sign: char, depth: usize, text: &str) -> String {
    format!("{sign} {}{text}", "  ".repeat(depth)).trim_end().to_owned()
}

/// `primitive vip`.
fn name(doc: &Document, element: Element) -> String {
    match (doc.name(element), doc.attr(element, "id")) {
        ("nvpair", _) => doc.attr(element, "name").unwrap_or_default().to_owned(),
        (name, Some(id)) => format!("{name} {id}"),
        (name, None) => name.to_owned(),
    }
}

/// `primitive vip class=ocf provider=heartbeat type=IPaddr2`; a pair is shown as its name and value.
fn text(doc: &Document, element: Element) -> String {
    let value = |name: &str| doc.attr(element, name).unwrap_or_default();
    let shown = rhapsody_ops::values::quoted_word;
    if doc.name(element) == "nvpair" {
        return format!("{}={}", shown(value("name")), shown(value("value")));
    }
    let mut text = name(doc, element);
    for (name, value) in doc.attrs(element).filter(|(name, _)| *name != "id") {
        text.push_str(&format!(" {name}={}", shown(value)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diff(before: &str, after: &str) -> String {
        let doc = |inner: &str| {
            Document::parse(&format!("<cib epoch='1'><configuration>{inner}</configuration></cib>")).unwrap()
        };
        lines(&doc(before), &doc(after)).join("\n")
    }

    #[test]
    fn changed_values_stand_below_what_they_belong_to() {
        let set = |value: &str| {
            format!(
                "<crm_config><cluster_property_set id='s'><nvpair id='x' name='a' value='{value}'/>\
                     <nvpair id='y' name='b' value='0'/></cluster_property_set></crm_config>"
            )
        };
        let wanted = "  crm_config\n    cluster_property_set s\n-     a=1\n+     a=\"2 3\"";
        assert_eq!(diff(&set("1"), &set("2 3")), wanted);
        assert_eq!(diff(&set("1"), &set("1")), "");
    }

    #[test]
    fn new_elements_are_shown_whole_and_a_new_order_is_told() {
        let group = |inner: &str| format!("<resources><group id='g'>{inner}</group></resources>");
        let (a, b) = (
            "<primitive id='a' class='ocf'/>",
            "<primitive id='b' class='ocf'><op id='o' name='stop'/></primitive>",
        );
        assert_eq!(
            diff(&group(a), &group(&format!("{a}{b}"))),
            "  resources\n    group g\n+     primitive b class=ocf\n+       op o name=stop"
        );
        assert_eq!(
            diff(&group(&format!("{a}{b}")), &group(&format!("{b}{a}"))),
            "  resources\n    group g\n+     in this order: primitive b, primitive a"
        );
    }
}
