use super::*;

fn cib(resources: &str, epoch: u64) -> Cib {
    Cib::parse(&format!(
        "<cib admin_epoch='0' epoch='{epoch}' num_updates='0'><configuration><crm_config/><nodes/>\
         <resources>{resources}</resources><constraints/></configuration><status/></cib>"
    ))
    .unwrap()
}

fn resources(cib: &Cib) -> String {
    cib.compact(cib.resources().unwrap())
}

/// Diffs, applies, compares; gives the operations in short.
fn check(before: &str, after: &str) -> String {
    let (old, new) = (cib(before, 1), cib(after, 2));
    let text = diff(&old, &new).unwrap();
    let mut patched = old.clone();
    apply(&mut patched, &text).unwrap();
    assert_eq!(patched.compact(patched.root()), new.compact(new.root()), "{text}");
    assert_eq!(patched.version(), Version::new(0, 2, 0));
    let doc = Document::parse(&text).unwrap();
    doc.children_named(doc.root(), "change")
        .filter(|c| doc.attr(*c, "path") != Some("/cib"))
        .map(|c| {
            let path = doc.attr(c, "path").unwrap().replace("/cib/configuration/resources", "");
            let position = doc.attr(c, "position").map_or(String::new(), |p| format!("@{p}"));
            format!("{} {path}{position};", doc.attr(c, "operation").unwrap())
        })
        .collect()
}

#[test]
fn elements_come_go_and_change() {
    assert_eq!(check("<p id='a'/><p id='b'/>", "<p id='b'/>"), "delete /p[@id='a'];");
    assert_eq!(check("<p id='b'/>", "<p id='a'/><p id='b'/>"), "create @0;");
    assert_eq!(check("<p id='a' x='1' y='2'/>", "<p id='a' x='3'/>"), "modify /p[@id='a'];");
    assert_eq!(check("<p id='a' x='1' y='2'/>", "<p id='a' y='2' x='1'/>"), "modify /p[@id='a'];");
    assert_eq!(
        check("<p id='a'><m id='m'/></p>", "<p id='a'><m id='m' x='1'/><n/></p>"),
        "modify /p[@id='a']/m[@id='m'];create /p[@id='a']@1;"
    );
}

#[test]
fn as_little_as_possible_moves() {
    let p = |ids: &str| ids.chars().map(|c| format!("<p id='{c}'/>")).collect::<String>();
    assert_eq!(check(&p("abcde"), &p("eabcd")), "move /p[@id='e']@0;");
    assert_eq!(check(&p("abcde"), &p("bcdea")), "move /p[@id='a']@4;");
    assert_eq!(
        check(&p("abcd"), &p("xdby")),
        "delete /p[@id='a'];delete /p[@id='c'];create @0;move /p[@id='d']@1;create @3;"
    );
    check(&p("abcdefgh"), &p("hgfedcba"));
}

#[test]
fn what_has_no_name_is_written_anew() {
    assert_eq!(check("<x v='1'/><x v='2'/>", "<x v='2'/>"), "delete /x;delete /x;create @0;");
    assert_eq!(
        check("<x v='1'/><x v='2'/><p id='a'/>", "<p id='b'/><x v='1'/><x v='2'/>"),
        "delete /p[@id='a'];create @0;"
    );
    check("<x v='1'/><p id='a'/><p id='b'/><x v='1'/>", "<p id='b'/><x v='1'/><x v='1'/><p id='a'/>");
    check("<!--1--><p id='a'/><!--2--><!--3--><p id='b'/>", "<p id='b'/><!--3--><!--4--><p id='a'/><!--1-->");
    check("<p id='a'>text</p>", "<p id='a'>other</p>");
}

#[test]
fn equal_documents_need_no_patch() {
    let old = cib("<p id='a'/>", 1);
    let mut new = Cib::parse(&old.write(old.root())).unwrap();
    assert_eq!(diff(&old, &new), None);
    new.set_version(Version::new(0, 1, 1));
    let patch = Patch::parse(&diff(&old, &new).unwrap()).unwrap();
    assert!(!patch.changes_configuration());
}

#[test]
fn a_patch_that_does_not_fit_changes_nothing() {
    let (old, new) = (cib("<p id='a'/><q id='b'/>", 1), cib("<p id='a' x='1'/>", 2));
    let patch = diff(&old, &new).unwrap();
    let mut other = cib("<q id='b'/>", 1);
    let before = other.to_xml();
    assert!(matches!(apply(&mut other, &patch), Err(PatchError::NoMatch(path)) if path.contains("'a'")));
    assert_eq!(other.to_xml(), before);
    let mut later = cib("<p id='a'/><q id='b'/>", 3);
    assert!(matches!(apply(&mut later, &patch), Err(PatchError::Stale { .. })));
    // A newer status is no obstacle: the base is the configuration.
    let mut busier = old.clone();
    busier.set_version(Version::new(0, 1, 9));
    apply(&mut busier, &patch).unwrap();
    assert_eq!(resources(&busier), "<resources><p id=\"a\" x=\"1\"/></resources>");
    for bad in ["", "<x/>", "<diff/>", "<diff format='1'/>", "<diff format='2'><change/></diff>"] {
        assert!(apply(&mut other, bad).is_err(), "{bad}");
    }
}

#[test]
fn edits_inside_of_what_is_deleted_are_dropped() {
    let patch = "<diff format='2'>
      <change operation='modify' path=\"/cib/configuration/resources/g[@id='g']/p[@id='p']\"><change-result><p id='p' x='1'/></change-result></change>
      <change operation='move' path=\"/cib/configuration/resources/g[@id='g']/p[@id='p']\" position='1'/>
      <change operation='create' path=\"/cib/configuration/resources/g[@id='g']\" position='0'><p/></change>
      <change operation='delete' path=\"/cib/configuration/resources/g[@id='g']/p[@id='q']\"/>
      <change operation='delete' path=\"/cib/configuration/resources/g[@id='g']\"/></diff>";
    let mut doc = cib("<g id='g'><p id='p'/><p id='q'/></g>", 1);
    apply(&mut doc, patch).unwrap();
    assert_eq!(resources(&doc), "<resources/>");
}
