//! What the user wrote stays as it was written, wherever an edit did not touch it.

use rhapsody_xml::Document;

/// Comes back byte by byte, and again after something else was added and taken away.
fn kept(text: &str) {
    let mut doc = Document::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
    assert_eq!(doc.to_xml(), text);
    let root = doc.root();
    let new = doc.append(root, "new");
    assert_ne!(doc.to_xml(), text);
    let again = Document::parse(&doc.to_xml()).unwrap_or_else(|error| panic!("{text:?}: {error}"));
    assert_eq!(again.to_xml(), doc.to_xml());
    doc.remove(new);
    assert_eq!(doc.to_xml(), text);
}

#[test]
fn cdata_and_references_stay_where_they_are() {
    kept("<a><b><![CDATA[ <not> & ]]></b><c/></a>");
    kept("<a><b>one<![CDATA[<two>]]>three<![CDATA[]]></b><c/></a>");
    kept("<a><b>&#65;&quot;&apos;&#x42; a > b ]] &gt;</b><c/></a>");
    kept("<a>\n  <![CDATA[x]]>\n  <b/>\n</a>");
    kept("<a><b/>&#10;&#9;<c/></a>");
}

#[test]
fn instructions_comments_declarations_and_byte_order_marks_stay() {
    kept(
        "<?xml version='1.0' encoding='utf-8' standalone='yes'?>\n<?pi  before ?>\n<!-- - -->\n\n<a>\n  <?pi in?>\n  <!--\n  x -->\n  <b/>\n</a>\n<?pi behind?><!-- end -->\n\n",
    );
    kept("\u{feff}<?xml version=\"1.0\"?><a><b/></a>");
    kept("<a>\n\t<b/></a>");
}

#[test]
fn tags_keep_quotes_blanks_and_their_way_of_ending() {
    kept("<a  x='1'\n y=\"'\" z='\"&#10;&#x9;&apos;>'  ><b   /><c></c ><d >t</d\n></a >");
}

#[test]
fn a_file_with_two_characters_at_line_ends_keeps_and_gets_them() {
    let text = "<?xml version=\"1.0\"?>\r\n<a>\r\n  <!-- one\r\n  two -->\r\n  <b x=\"1\"\r\n     y=\"2\"/>\r\n  <c>\r\n    text\r\n  </c>\r\n</a>\r\n";
    kept(text);
    let mut doc = Document::parse(text).unwrap();
    let c = doc.child(doc.root(), "c").unwrap();
    assert_eq!(doc.text(c), "\n    text\n  ", "the meaning has one character");
    let b = doc.child(doc.root(), "b").unwrap();
    doc.append(b, "new");
    let expected = text.replace("y=\"2\"/>", "y=\"2\">\r\n    <new/>\r\n  </b>");
    assert_eq!(doc.to_xml(), expected);
}

#[test]
fn an_edit_rewrites_what_it_touches_and_nothing_else() {
    let text = "<a><b x='1' y='2'><![CDATA[&]]></b><c x='1'><![CDATA[&]]></c ></a>";
    let mut doc = Document::parse(text).unwrap();
    let b = doc.child(doc.root(), "b").unwrap();
    doc.set_attr(b, "x", "3");
    assert_eq!(doc.to_xml(), text.replace("x='1' y", "x='3' y"));
    doc.set_text(b, "<");
    let c = doc.child(doc.root(), "c").unwrap();
    doc.rename(c, "d");
    assert_eq!(doc.to_xml(), "<a><b x='3' y='2'>&lt;</b><d x=\"1\"><![CDATA[&]]></d></a>");
    // A place that is used again has nothing of what stood there.
    doc.remove(c);
    let e = doc.append(doc.root(), "e");
    doc.set_text(e, "t");
    assert_eq!(doc.to_xml(), "<a><b x='3' y='2'>&lt;</b><e>t</e></a>");
    assert_eq!(doc.compact(doc.root()), "<a><b x=\"3\" y=\"2\">&lt;</b><e>t</e></a>");
}

#[test]
fn for_the_wire_and_for_people_the_meaning_is_written() {
    let doc = Document::parse("<a>\r\n<b><![CDATA[&]]></b >\r\n</a>").unwrap();
    assert_eq!(doc.compact(doc.root()), "<a><b>&amp;</b></a>");
    assert_eq!(doc.write(doc.root()), "<a>\n  <b>&amp;</b>\n</a>\n");
}

#[test]
fn what_cannot_be_kept_is_refused() {
    for (text, why) in [
        ("<!DOCTYPE a><a/>", "document type"),
        ("<?xml version='1.0' encoding='ISO-8859-1'?><a/>", "ISO-8859-1"),
        ("<?xml version='1.0' encoding=\"UTF-16\"?><a/>", "UTF-16"),
        ("<a>&other;</a>", "&other;"),
        ("<a b='&#0;'/>", "&#0;"),
    ] {
        let error = Document::parse(text).unwrap_err().to_string();
        assert!(error.contains(why), "{text}: {error}");
    }
    assert!(Document::parse("<?xml version='1.0' encoding='US-ASCII'?><a/>").is_ok());
}
