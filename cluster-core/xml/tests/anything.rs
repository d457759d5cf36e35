//! Any input: no panic, the same verdict and content as roxmltree, and stable round trips.

use proptest::prelude::*;
use rhapsody_xml::{Document, Element};

fn fragment() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "<a>",
        "</a>",
        "<b x='1'>",
        "</b>",
        "<c/>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<?p",
        "?>",
        "&amp;",
        "&lt",
        "&#65;",
        "&#x0;",
        "\"",
        "'",
        "=",
        " ",
        "\n",
        "\r\n",
        "é",
        "text",
        "<",
        ">",
        "/",
        "&",
        "\t",
        "x:y",
        "]",
        "--",
        "\u{feff}",
        "<?xml version='1.0'?>",
        "<!DOCTYPE a>",
    ]);
    prop::collection::vec(pieces, 0..24).prop_map(|p| p.concat())
}

/// A flat picture of a document, the same for both libraries.
fn picture(doc: &Document, e: Element, out: &mut Vec<String>) {
    out.push(format!("{} {:?} {:?}", doc.name(e), doc.attrs(e).collect::<Vec<_>>(), doc.text(e)));
    for child in doc.children(e) {
        picture(doc, child, out);
    }
}

fn rox_picture(node: roxmltree::Node, out: &mut Vec<String>) {
    let attrs: Vec<_> = node.attributes().map(|a| (a.name(), a.value())).collect();
    let text: String = node.children().filter(|c| c.is_text()).filter_map(|c| c.text()).collect();
    out.push(format!("{} {attrs:?} {text:?}", node.tag_name().name()));
    for child in node.children().filter(|c| c.is_element()) {
        rox_picture(child, out);
    }
}

fn check(text: &str) {
    let ours = Document::parse(text);
    // Namespaces are a matter of roxmltree alone; DTDs it may accept.
    if !text.contains(':') && !text.contains("<!D") && !text.contains("<?xml") {
        let theirs = roxmltree::Document::parse(text);
        assert_eq!(ours.is_ok(), theirs.is_ok(), "{text:?}: {:?} / {:?}", ours.err(), theirs.err());
        if let (Ok(ours), Ok(theirs)) = (&ours, &theirs) {
            let (mut a, mut b) = (Vec::new(), Vec::new());
            picture(ours, ours.root(), &mut a);
            rox_picture(theirs.root_element(), &mut b);
            assert_eq!(a, b, "{text:?}");
        }
    }
    let Ok(doc) = ours else { return };
    let written = doc.to_xml();
    let again = Document::parse(&written).expect("what is written can be read");
    assert_eq!(again.to_xml(), written);
    assert_eq!(again.compact(again.root()), doc.compact(doc.root()));
    let pretty = Document::parse(&doc.write(doc.root())).expect("so can the pretty form");
    assert_eq!(pretty.write(pretty.root()), doc.write(doc.root()));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(3000) })]

    #[test]
    fn pieces_of_markup(body in fragment()) {
        check(&body);
        check(&format!("<a>{body}</a>"));
        check(&format!("<a v=\"{body}\"/>"));
    }

    #[test]
    fn any_text(text in "\\PC{0,40}") {
        check(&text);
        check(&format!("<a v='{text}'>{text}</a>"));
    }

    #[test]
    fn any_value_survives(value in "[\\x20-\\u{d7ff}\\t\\r\\n]{0,20}") {
        let mut doc = Document::new("a");
        let root = doc.root();
        doc.set_attr(root, "v", &value);
        doc.set_text(root, &value);
        let again = Document::parse(&doc.to_xml()).unwrap();
        prop_assert_eq!(again.attr(again.root(), "v"), Some(value.as_str()));
        prop_assert_eq!(again.text(again.root()), value);
    }
}
