//! Reading, editing and writing, on small documents.

use rhapsody_xml::{Document, Element, xpath};

const CIB: &str = r#"<?xml version="1.0"?>
<!-- kept -->
<cib  epoch='1'
      admin_epoch="0">
  <configuration>
    <resources>
      <!-- the address -->
      <primitive id="vip" class="ocf" ><x:unknown a="&lt;&#10;b"></x:unknown></primitive>
    </resources>
    <constraints/>
  </configuration>
</cib>
<!-- end -->
"#;

fn at(doc: &Document, path: &str) -> Element {
    xpath::select(doc, path).unwrap()[0]
}

#[test]
fn an_untouched_document_is_written_as_it_was_read() {
    assert_eq!(Document::parse(CIB).unwrap().to_xml(), CIB);
}

#[test]
fn an_edit_changes_only_its_own_place() {
    let mut doc = Document::parse(CIB).unwrap();
    let vip = doc.by_id("vip").unwrap();
    doc.set_attr(vip, "type", "IPaddr2");
    let constraints = at(&doc, "//constraints");
    let location = doc.append(constraints, "rsc_location");
    doc.set_attr(location, "id", "a<b>\"&\n");
    let expected = CIB
        .replace(r#"<primitive id="vip" class="ocf" >"#, r#"<primitive id="vip" class="ocf" type="IPaddr2">"#)
        .replace(
            "<constraints/>",
            "<constraints>\n      <rsc_location id=\"a&lt;b&gt;&quot;&amp;&#10;\"/>\n    </constraints>",
        );
    assert_eq!(doc.to_xml(), expected);
    doc.remove(location);
    doc.remove_attr(vip, "type");
    let spaceless = CIB.replace(r#" class="ocf" >"#, r#" class="ocf">"#);
    assert_eq!(doc.to_xml(), spaceless);
}

#[test]
fn values_and_texts_are_decoded() {
    let doc = Document::parse("<a b='1&amp;2\n3\r\n4&#x41;'>x&lt;y<![CDATA[&<]]>\r\nz<c/>!</a>").unwrap();
    let root = doc.root();
    assert_eq!(doc.attr(root, "b"), Some("1&2 3 4A"));
    assert_eq!(doc.text(root), "x<y&<\nz!");
    assert_eq!(doc.compact(root), "<a b=\"1&amp;2 3 4A\">x&lt;y&amp;&lt;\nz<c/>!</a>");
}

#[test]
fn elements_are_inserted_moved_and_removed_in_order() {
    let mut doc = Document::parse("<g>\n  <a/>\n  <!-- of c -->\n  <c/>\n</g>").unwrap();
    let g = doc.root();
    let b = doc.insert(g, 1, "b");
    assert_eq!(doc.to_xml(), "<g>\n  <a/>\n  <b/>\n  <!-- of c -->\n  <c/>\n</g>");
    assert_eq!((doc.position(b), doc.parent(b)), (1, Some(g)));
    doc.append(b, "inner");
    doc.move_to(b, g, 2);
    assert_eq!(doc.to_xml(), "<g>\n  <a/>\n  <!-- of c -->\n  <c/>\n  <b>\n    <inner/>\n  </b>\n</g>");
    let c = doc.child(g, "c").unwrap();
    doc.move_to(b, c, 0);
    assert_eq!(doc.parent(b), Some(c));
    let a = doc.child(g, "a").unwrap();
    doc.remove(a);
    doc.remove(c);
    assert_eq!(doc.to_xml(), "<g>\n  <!-- of c -->\n</g>");
    doc.clear(g);
    assert_eq!(doc.to_xml(), "<g/>");
}

#[test]
fn subtrees_are_copied_between_documents() {
    let from = Document::parse("<r><p id='1'>\n<q/>\n<!--c-->text</p></r>").unwrap();
    let mut to = Document::new("s");
    let root = to.root();
    let copy = to.copy_from(root, 0, &from, from.by_id("1").unwrap());
    assert_eq!(to.compact(root), "<s><p id=\"1\"><q/><!--c-->text</p></s>");
    to.duplicate(copy, root, 0);
    assert_eq!(to.children(root).count(), 2);
}

#[test]
fn walks_visit_in_document_order() {
    let doc = Document::parse("<a><b><c/></b><!--x--><d/></a>").unwrap();
    let names: Vec<_> = doc.descendants(doc.root()).map(|e| doc.name(e)).collect();
    assert_eq!(names, ["a", "b", "c", "d"]);
    let b = doc.child(doc.root(), "b").unwrap();
    assert_eq!(doc.descendants(b).count(), 2);
}

#[test]
fn paths_select() {
    let doc =
        Document::parse("<cib><r><p id='1' x='y'/><p id='2'/><g id='g'><p id='3' x='y'/></g></r></cib>")
            .unwrap();
    let ids = |path| -> Vec<String> {
        let found = xpath::select(&doc, path).unwrap();
        found.iter().map(|e| doc.attr(*e, "id").unwrap_or("-").to_owned()).collect()
    };
    assert_eq!(ids("/cib/r/p"), ["1", "2"]);
    assert_eq!(ids("//p"), ["1", "2", "3"]);
    assert_eq!(ids("//p[@x='y']"), ["1", "3"]);
    assert_eq!(ids("//p[2]"), ["2"]);
    assert_eq!(ids("//p[@x][position()=1]"), ["1", "3"]);
    assert_eq!(ids("//g//p | /cib/r/p[not(@x)]"), ["2", "3"]);
    assert_eq!(ids("//*[@id='g' or @id='2']"), ["2", "g"]);
    assert_eq!(ids("//p/@x"), ["1", "3"]);
    assert_eq!(ids("/cib/r/p[last()]"), ["2"]);
    assert_eq!(ids("/nothing"), Vec::<String>::new());
    for bad in ["", "p", "/cib[", "/cib[@a='1]", "/cib[foo()]", "//p]", "/cib |"] {
        assert!(xpath::select(&doc, bad).is_err(), "{bad}");
    }
    let third = doc.by_id("3").unwrap();
    let path = xpath::path_of(&doc, third);
    assert_eq!(path, "/cib/r/g[@id='g']/p[@id='3']");
    assert_eq!(xpath::select(&doc, &path).unwrap(), [third]);
}

#[test]
fn what_is_not_xml_is_refused_with_its_place() {
    for (text, line, column, part) in [
        ("", 1, 1, "no element"),
        ("<a>\n<b></a>", 2, 4, "`</a>`"),
        ("<a b='1' b='2'/>", 1, 10, "twice"),
        ("<a>&nope;</a>", 1, 4, "nope"),
        ("<!DOCTYPE a [<!ENTITY x 'y'>]><a/>", 1, 1, "document type"),
        ("<a/>x", 1, 5, "follows"),
        ("x<a/>", 1, 1, "text before"),
        ("<a b='<'/>", 1, 7, "&lt;"),
        ("<a>\u{1}</a>", 1, 4, "does not allow"),
        ("<a>&#0;</a>", 1, 4, "#0"),
        ("<a><!-- -- --></a>", 1, 9, "--"),
        ("<a b=1/>", 1, 6, "quoted"),
        ("<a", 1, 3, "ends"),
        ("<a>", 1, 4, "ends"),
        ("</a>", 1, 2, "name"),
        ("<a b='1'c='2'/>", 1, 9, "white space"),
    ] {
        let error = Document::parse(text).unwrap_err();
        assert_eq!((error.line, error.column), (line, column), "{text}: {error}");
        assert!(error.message.contains(part), "{text}: {error}");
    }
}

#[test]
fn depth_is_bounded() {
    let deep = |n| "<a>".repeat(n) + &"</a>".repeat(n);
    assert!(Document::parse(&deep(256)).is_ok());
    assert!(Document::parse(&deep(257)).unwrap_err().message.contains("256"));
}

#[test]
fn a_document_that_changes_for_ever_does_not_grow() {
    let mut doc = Document::parse("<a id='x'/>").unwrap();
    let root = doc.root();
    let long = "v".repeat(1000);
    for i in 0..20_000 {
        let child = doc.append(root, "b");
        doc.set_attr(child, "v", &long);
        doc.set_attr(root, "n", &"9".repeat(i % 50));
        doc.remove(child);
    }
    assert!(doc.memory() < 4 << 20, "{}", doc.memory());
    assert_eq!(doc.attr(root, "id"), Some("x"));
}
