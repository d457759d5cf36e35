//! MD5 digests as Pacemaker computes them: of operation parameters and of whole CIBs.

use md5::{Digest, Md5};
use rhapsody_xml::{Document, Element};
use std::borrow::Cow;

/// The digest of an operation's parameters (`op-digest`): of the element `<parameters .../>` with
/// its attributes sorted by name.
pub fn op_digest<'a>(params: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut params: Vec<(&str, &str)> = params.into_iter().collect();
    params.sort_unstable();
    let mut text = String::from(" <parameters");
    for (name, value) in params {
        push_attr(&mut text, name, value);
    }
    text.push_str("/>\n");
    md5_hex(text.as_bytes())
}

/// Does this parameter count in the digest of an operation? Meta-attributes do not, but for the
/// timeout of a recurring operation.
pub fn in_op_digest(name: &str, recurring: bool) -> bool {
    const NEVER: [&str; 6] =
        ["id", "crm_feature_set", "op-digest", "on_node", "on_node_uuid", "pcmk_external_ip"];
    if NEVER.contains(&name) {
        return false;
    }
    !name.starts_with("CRM_meta_") || (recurring && name == "CRM_meta_timeout")
}

/// As `cibadmin --md5-sum`: what is beside a CIB on disk.
pub fn cib_file_digest(doc: &Document) -> String {
    let mut text = String::with_capacity(doc.memory() / 2);
    text.push(' ');
    dump(doc, &mut text, |_| true);
    text.push('\n');
    md5_hex(text.as_bytes())
}

/// As `cibadmin --md5-sum-versioned`: what nodes compare and patches carry. Who changed the CIB
/// and when does not count, nor where in the code a status came from.
pub fn cib_digest(doc: &Document) -> String {
    const SKIPPED: [&str; 5] =
        ["cib-last-written", "update-origin", "update-client", "update-user", "crm-debug-origin"];
    let mut text = String::with_capacity(doc.memory() / 2);
    dump(doc, &mut text, |name| !SKIPPED.contains(&name));
    md5_hex(text.as_bytes())
}

pub fn md5_hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(32);
    for byte in Md5::digest(bytes) {
        for nibble in [byte >> 4, byte & 15] {
            out.push(char::from_digit(nibble.into(), 16).unwrap_or('0'));
        }
    }
    out
}

fn dump(doc: &Document, out: &mut String, keep: impl Fn(&str) -> bool) {
    enum Step {
        Open(Element),
        Close(Element),
    }
    let mut todo = vec![Step::Open(doc.root())];
    while let Some(step) = todo.pop() {
        match step {
            Step::Open(e) if doc.is_element(e) => {
                out.push('<');
                out.push_str(doc.name(e));
                for (name, value) in doc.attrs(e).filter(|(n, _)| keep(n)) {
                    push_attr(out, name, value);
                }
                if doc.nodes(e).next().is_none() {
                    out.push_str("/>");
                    continue;
                }
                out.push('>');
                todo.push(Step::Close(e));
                let from = todo.len();
                todo.extend(doc.nodes(e).map(Step::Open));
                todo[from..].reverse();
            }
            Step::Open(e) => {
                if let Some(comment) = doc.comment(e) {
                    out.push_str("<!--");
                    out.push_str(comment);
                    out.push_str("-->");
                }
            }
            Step::Close(e) => {
                out.push_str("</");
                out.push_str(doc.name(e));
                out.push('>');
            }
        }
    }
}

/// Special characters as Pacemaker 2.1 writes them, which is not how XML would.
fn push_attr(out: &mut String, name: &str, value: &str) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    let mut from = 0;
    for (at, b) in value.bytes().enumerate() {
        let replacement: Cow<str> = match b {
            b'&' => "&amp;".into(),
            b'<' => "&lt;".into(),
            b'>' => "&gt;".into(),
            b'"' => "&quot;".into(),
            b'\'' => "&apos;".into(),
            b'\n' => "\\n".into(),
            b'\r' => "\\r".into(),
            b'\t' => "    ".into(),
            0..=0x1f | 0x7f => format!("\\{b:03o}").into(),
            _ => continue,
        };
        out.push_str(&value[from..at]);
        out.push_str(&replacement);
        from = at + 1;
    }
    out.push_str(&value[from..]);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_of_real_operations() {
        // No parameters at all: the most frequent digest of all clusters.
        assert_eq!(op_digest([]), "f2317cad3d54cec5d7d7aa7d0bf35cf8");
        assert_eq!(md5_hex(b""), "d41d8cd98f00b204e9800998ecf8427e");
        let unsorted = op_digest([("nic", "eth0"), ("ip", "192.0.2.1")]);
        assert_eq!(unsorted, op_digest([("ip", "192.0.2.1"), ("nic", "eth0")]));
    }

    #[test]
    fn meta_attributes_do_not_count() {
        assert!(in_op_digest("ip", false));
        assert!(!in_op_digest("CRM_meta_timeout", false));
        assert!(in_op_digest("CRM_meta_timeout", true));
        assert!(!in_op_digest("crm_feature_set", true));
    }

    #[test]
    fn digests_of_cibs_as_cibadmin_prints_them() {
        let doc = Document::parse(
            "<cib crm_feature_set=\"3.16.1\" validate-with=\"pacemaker-3.9\" epoch=\"5\" num_updates=\"3\" \
             admin_epoch=\"0\" update-client=\"c\">\n <configuration><crm_config/><nodes/><resources><!-- c -->\
             </resources><constraints/></configuration><status><x v=\"a'&lt;&#10;&#9;\u{7f}\"/></status></cib>",
        )
        .unwrap();
        assert_eq!(cib_file_digest(&doc), "e4bf37b778ff3c2e90abb84d470b2f92");
        assert_eq!(cib_digest(&doc), "16e264ee30f82f3813135cc830cdee31");
    }
}
