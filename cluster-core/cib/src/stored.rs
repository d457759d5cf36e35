//! A configuration as it lies on a disk: one line of ours, an XML comment, and the XML itself, so
//! that any tool that reads a CIB reads the file.

use base64::prelude::{BASE64_STANDARD, Engine};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The contents of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stored {
    /// The CIB without status.
    pub xml: String,
    /// What its writer wants to find again; empty in a file that was made by hand.
    pub meta: Vec<u8>,
    pub admin_epoch: u64,
    pub epoch: u64,
    /// Where one came from that lost in a merge.
    pub origin: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StoredError {
    #[error("the first line is not ours")]
    Head,
    #[error("the checksum is wrong")]
    Checksum,
}

#[derive(Serialize, Deserialize)]
struct Head {
    /// Over meta and XML.
    sha256: String,
    admin_epoch: u64,
    epoch: u64,
    meta: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    origin: String,
}

impl Stored {
    pub fn render(&self) -> String {
        let head = Head {
            sha256: checksum(&self.meta, &self.xml),
            admin_epoch: self.admin_epoch,
            epoch: self.epoch,
            meta: BASE64_STANDARD.encode(&self.meta),
            // A comment must not contain two hyphens in a row.
            origin: self.origin.replace("--", "- -"),
        };
        // Strings and numbers are always JSON.
        let head = serde_json::to_string(&head).unwrap_or_default();
        format!("<!-- rhapsody {head} -->\n{}", self.xml)
    }

    /// Refuses a file that is not as it was written.
    pub fn parse(text: &str) -> Result<Stored, StoredError> {
        let (head, xml) = text.split_once('\n').ok_or(StoredError::Head)?;
        let head = head.strip_prefix("<!-- rhapsody ").and_then(|head| head.strip_suffix(" -->"));
        let head: Head =
            serde_json::from_str(head.ok_or(StoredError::Head)?).map_err(|_| StoredError::Head)?;
        let meta = BASE64_STANDARD.decode(&head.meta).map_err(|_| StoredError::Head)?;
        if checksum(&meta, xml) != head.sha256 {
            return Err(StoredError::Checksum);
        }
        Ok(Stored {
            xml: xml.to_owned(),
            meta,
            admin_epoch: head.admin_epoch,
            epoch: head.epoch,
            origin: head.origin,
        })
    }
}

fn checksum(meta: &[u8], xml: &str) -> String {
    let mut hash = Sha256::new();
    hash.update((meta.len() as u64).to_be_bytes());
    hash.update(meta);
    hash.update(xml.as_bytes());
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_comes_back_as_it_was_or_not_at_all() {
        let stored = Stored {
            xml: "<cib epoch=\"4\"><configuration/><status/></cib>\n".to_owned(),
            meta: vec![1, 255],
            admin_epoch: 1,
            epoch: 4,
            origin: "n2 -- of the other side".to_owned(),
        };
        let text = stored.render();
        let back = Stored::parse(&text).unwrap();
        assert_eq!(back, Stored { origin: "n2 - - of the other side".to_owned(), ..stored });
        assert!(crate::Cib::parse(&text).is_ok(), "any reader of a CIB takes it");
        assert_eq!(Stored::parse(&text.replace("=\"4\"", "=\"5\"")), Err(StoredError::Checksum));
        for other in ["", "<cib/>", "<!-- rhapsody {} -->\n<cib/>"] {
            assert_eq!(Stored::parse(other), Err(StoredError::Head));
        }
    }
}
