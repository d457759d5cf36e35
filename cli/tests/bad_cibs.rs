//! CIB files as nobody should write them: a clear answer, never a panic, and a file that could not
//! be read is left as it was, byte for byte.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Reading and changing commands; each gets a file of its own.
const COMMANDS: &[&str] = &[
    "resource config",
    "resource status",
    "resource relations a",
    "resource failcount show",
    "resource relocate dry-run",
    "constraint config --full",
    "stonith level config",
    "tag config",
    "resource create new systemd:daemon --no-default-ops",
    "resource update a op monitor interval=5s",
    "resource meta a priority=1",
    "resource disable a",
    "resource ban a n1",
    "resource group add g a",
    "constraint order a then b",
    "resource delete a",
];

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("rhapsody-bad-cibs-{}-{name}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn rhapsody(file: &Path, line: &str) -> Output {
    let agents = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/agents");
    Command::new(env!("CARGO_BIN_EXE_rhapsody"))
        .arg("-f")
        .arg(file)
        .args(line.split_whitespace())
        .env("RHAPSODY_AGENTS_DIR", agents)
        .output()
        .unwrap()
}

/// Runs every command on the bytes; `check` judges each answer.
fn each(name: &str, bytes: &[u8], check: impl Fn(&str, &Output, bool)) {
    let folder = folder(name);
    let file = folder.join("cib.xml");
    for line in COMMANDS {
        fs::write(&file, bytes).unwrap();
        let output = rhapsody(&file, line);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(!stderr.contains("panicked"), "{name}: {line}\n{stderr}");
        assert!(matches!(output.status.code(), Some(0 | 1)), "{name}: {line}: {:?}", output.status);
        let unchanged = fs::read(&file).unwrap() == bytes;
        if output.status.code() == Some(1) {
            assert!(unchanged, "{name}: {line} failed and changed the file\n{stderr}");
            assert!(stderr.contains("Error: ") || stderr.contains("Usage: "), "{name}: {line}\n{stderr}");
        }
        check(line, &output, unchanged);
    }
    fs::remove_dir_all(&folder).unwrap();
}

/// Nobody can read this: every command says so.
fn unreadable(name: &str, bytes: &[u8]) {
    each(name, bytes, |line, output, unchanged| {
        assert_eq!(output.status.code(), Some(1), "{name}: {line}");
        assert!(unchanged && output.stdout.is_empty(), "{name}: {line}");
    });
}

#[test]
fn what_is_no_cib_is_refused() {
    unreadable("empty", b"");
    unreadable("text", b"hello");
    unreadable("html", b"<html><body/></html>");
    unreadable("cut", b"<cib epoch='1'><configuration><resources>");
    unreadable("twice", b"<cib/><cib/>");
    unreadable("not-utf8", b"<cib><configuration>\xff\xfe</configuration></cib>");
    unreadable("nul", b"<cib><configuration>\0</configuration></cib>");
    unreadable("attribute-twice", b"<cib epoch='1' epoch='2'/>");
}

#[test]
fn entities_are_not_expanded() {
    unreadable(
        "outside",
        b"<!DOCTYPE cib [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><cib epoch='1'><configuration>&x;</configuration></cib>",
    );
    let mut bomb = String::from("<!DOCTYPE cib [<!ENTITY a0 'laugh'>");
    for n in 1..12 {
        bomb.push_str(&format!("<!ENTITY a{n} '{}'>", format!("&a{};", n - 1).repeat(10)));
    }
    bomb.push_str("]><cib epoch='1'><configuration>&a11;</configuration></cib>");
    unreadable("laughs", bomb.as_bytes());
}

fn with(resources: &str, constraints: &str) -> String {
    format!(
        "<cib crm_feature_set=\"3.16.1\" validate-with=\"pacemaker-3.9\" epoch=\"1\" num_updates=\"0\" admin_epoch=\"0\">\n\
         <configuration><crm_config/><nodes><node id=\"1\" uname=\"n1\"/></nodes><resources>{resources}</resources>\
         <constraints>{constraints}</constraints></configuration><status/></cib>"
    )
}

const A: &str = "<primitive id=\"a\" class=\"systemd\" type=\"daemon\"/>";
const B: &str = "<primitive id=\"b\" class=\"systemd\" type=\"daemon\"/>";

/// It can be read; a command succeeds or says why not.
fn survived(name: &str, resources: &str, constraints: &str) {
    each(name, with(resources, constraints).as_bytes(), |_, _, _| {});
}

#[test]
fn mistakes_inside_of_a_cib_are_survived() {
    survived("twice", &format!("{A}{A}{B}"), "");
    survived("no-id", "<primitive class=\"ocf\"/><group/><clone/><bundle/>", "");
    survived("empty-group", &format!("<group id=\"g\"/><clone id=\"c\"/><bundle id=\"u\"/>{A}{B}"), "");
    survived(
        "dangling",
        A,
        "<rsc_location id=\"l\" rsc=\"ghost\" node=\"nowhere\" score=\"x\"/><rsc_order/><rsc_colocation/>",
    );
    survived(
        "ring",
        &format!("{A}{B}"),
        "<rsc_order id=\"1\" first=\"a\" then=\"b\"/><rsc_order id=\"2\" first=\"b\" then=\"a\"/>\
         <rsc_colocation id=\"3\" rsc=\"a\" with-rsc=\"b\"/><rsc_colocation id=\"4\" rsc=\"b\" with-rsc=\"a\"/>",
    );
    survived(
        "itself",
        A,
        "<rsc_order id=\"1\" first=\"a\" then=\"a\"/><rsc_colocation id=\"2\" rsc=\"a\" with-rsc=\"a\"/>",
    );
    survived(
        "no-value",
        "<primitive id=\"a\" class=\"systemd\" type=\"daemon\"><meta_attributes><nvpair name=\"priority\"/><nvpair/></meta_attributes>\
         <operations><op/><op name=\"monitor\" interval=\"often\"/></operations></primitive>",
        "",
    );
    survived(
        "rules",
        A,
        "<rsc_location id=\"l\" rsc=\"a\"><rule/><rule id=\"r\" boolean-op=\"perhaps\"><rule><rule><expression/></rule></rule>\
         <date_expression operation=\"in_range\"/><date_expression operation=\"date_spec\"/></rule></rsc_location>",
    );
    survived(
        "roles",
        A,
        "<rsc_location id=\"l\" rsc=\"a\" role=\"Emperor\" node=\"n1\" score=\"99999999999999999999\"/>",
    );
    survived(
        "odd-xml",
        "<!-- a comment --><?target data?><x:y xmlns:x=\"urn:x\"/><primitive id=\"a\" class=\"systemd\" type=\"daemon\"><![CDATA[ <not> ]]></primitive>",
        "",
    );
    survived(
        "inside-out",
        &format!("<group id=\"g\"><clone id=\"c\"><group id=\"h\">{A}</group></clone></group>{B}"),
        "",
    );
}

#[test]
fn great_sizes_are_survived() {
    let long = "x".repeat(200_000);
    survived(
        "long",
        &format!("<primitive id=\"a\" class=\"systemd\" type=\"daemon\" description=\"{long}\"/>{B}"),
        "",
    );
    let many: String =
        (0..3000).map(|n| format!("<primitive id=\"r{n}\" class=\"systemd\" type=\"daemon\"/>")).collect();
    survived("many", &format!("{A}{B}{many}"), "");
    // Deep enough to end a parser that calls itself.
    let deep = format!("{}{}", "<x>".repeat(100_000), "</x>".repeat(100_000));
    survived("deep", &deep, "");
}

#[test]
fn a_file_that_is_not_there_is_begun_where_it_can_be() {
    let folder = folder("begun");
    let file = folder.join("new.xml");
    let asked = rhapsody(&file, "resource config");
    assert_eq!((asked.status.code(), asked.stdout.len(), file.exists()), (Some(0), 0, false));
    assert!(String::from_utf8_lossy(&asked.stderr).contains("does not exist"));
    assert_eq!(rhapsody(&file, "resource create a systemd:daemon").status.code(), Some(0));
    assert!(fs::read_to_string(&file).unwrap().contains("<primitive id=\"a\""));
    let nowhere = folder.join("no/such/folder.xml");
    assert_eq!(rhapsody(&nowhere, "resource config").status.code(), Some(1));
    assert_eq!(rhapsody(&folder, "resource config").status.code(), Some(1));
    fs::remove_dir_all(&folder).unwrap();
}
