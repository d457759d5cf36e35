//! A document that is known to be a CIB.

use crate::Version;
use rhapsody_xml::{Document, Element, ParseError};
use std::ops::{Deref, DerefMut};
use thiserror::Error;

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CibError {
    #[error("the CIB is not well-formed XML: {0}")]
    Syntax(#[from] ParseError),
    #[error("the document is not a CIB: its root element is `{0}`, not `cib`")]
    NotACib(String),
    #[error("the CIB has no configuration section")]
    NoConfiguration,
}

/// A CIB. Everything of [`Document`] works on it too.
#[derive(Debug, Clone)]
pub struct Cib {
    doc: Document,
}

impl Deref for Cib {
    type Target = Document;

    fn deref(&self) -> &Document {
        &self.doc
    }
}

impl DerefMut for Cib {
    fn deref_mut(&mut self) -> &mut Document {
        &mut self.doc
    }
}

/// The sections a configuration always has.
const SECTIONS: [&str; 4] = ["crm_config", "nodes", "resources", "constraints"];

impl Cib {
    /// Looks at syntax and the root element only.
    pub fn parse(text: &str) -> Result<Cib, CibError> {
        Cib::try_from(Document::parse(text)?)
    }

    /// What a new cluster begins with.
    pub fn empty() -> Cib {
        let mut doc = Document::new("cib");
        let root = doc.root();
        for (name, value) in [
            ("crm_feature_set", crate::CRM_FEATURE_SET),
            ("validate-with", crate::VALIDATE_WITH),
            ("epoch", "0"),
            ("num_updates", "0"),
            ("admin_epoch", "0"),
        ] {
            doc.set_attr(root, name, value);
        }
        let configuration = doc.append(root, "configuration");
        for section in SECTIONS {
            doc.append(configuration, section);
        }
        doc.append(root, "status");
        Cib { doc }
    }

    pub fn document(&self) -> &Document {
        &self.doc
    }

    pub fn into_document(self) -> Document {
        self.doc
    }

    pub fn version(&self) -> Version {
        let number = |name| self.attr(self.root(), name).and_then(|v| v.trim().parse().ok()).unwrap_or(0);
        Version {
            admin_epoch: number("admin_epoch"),
            epoch: number("epoch"),
            num_updates: number("num_updates"),
        }
    }

    pub fn set_version(&mut self, version: Version) {
        let root = self.root();
        self.set_attr(root, "admin_epoch", &version.admin_epoch.to_string());
        self.set_attr(root, "epoch", &version.epoch.to_string());
        self.set_attr(root, "num_updates", &version.num_updates.to_string());
    }

    /// `pacemaker-3.9` and the like.
    pub fn schema(&self) -> Option<&str> {
        self.attr(self.root(), "validate-with")
    }

    pub fn have_quorum(&self) -> bool {
        self.attr(self.root(), "have-quorum").and_then(crate::boolean::parse).unwrap_or(false)
    }

    pub fn configuration(&self) -> Option<Element> {
        self.child(self.root(), "configuration")
    }

    pub fn status(&self) -> Option<Element> {
        self.child(self.root(), "status")
    }

    /// A child of `<configuration>` by name.
    pub fn section(&self, name: &str) -> Option<Element> {
        self.child(self.configuration()?, name)
    }

    pub fn crm_config(&self) -> Option<Element> {
        self.section("crm_config")
    }

    pub fn nodes(&self) -> Option<Element> {
        self.section("nodes")
    }

    pub fn resources(&self) -> Option<Element> {
        self.section("resources")
    }

    pub fn constraints(&self) -> Option<Element> {
        self.section("constraints")
    }

    pub fn rsc_defaults(&self) -> Option<Element> {
        self.section("rsc_defaults")
    }

    pub fn op_defaults(&self) -> Option<Element> {
        self.section("op_defaults")
    }

    pub fn tags(&self) -> Option<Element> {
        self.section("tags")
    }

    pub fn acls(&self) -> Option<Element> {
        self.section("acls")
    }

    pub fn alerts(&self) -> Option<Element> {
        self.section("alerts")
    }

    pub fn fencing_topology(&self) -> Option<Element> {
        self.section("fencing-topology")
    }

    // ---- the same, created when absent

    pub fn configuration_mut(&mut self) -> Element {
        match self.configuration() {
            Some(e) => e,
            None => {
                let root = self.root();
                self.insert(root, 0, "configuration")
            }
        }
    }

    pub fn status_mut(&mut self) -> Element {
        match self.status() {
            Some(e) => e,
            None => {
                let root = self.root();
                self.append(root, "status")
            }
        }
    }

    pub fn section_mut(&mut self, name: &str) -> Element {
        let configuration = self.configuration_mut();
        match self.child(configuration, name) {
            Some(e) => e,
            None => self.append(configuration, name),
        }
    }

    pub fn crm_config_mut(&mut self) -> Element {
        self.section_mut("crm_config")
    }

    pub fn nodes_mut(&mut self) -> Element {
        self.section_mut("nodes")
    }

    pub fn resources_mut(&mut self) -> Element {
        self.section_mut("resources")
    }

    pub fn constraints_mut(&mut self) -> Element {
        self.section_mut("constraints")
    }

    pub fn rsc_defaults_mut(&mut self) -> Element {
        self.section_mut("rsc_defaults")
    }

    pub fn op_defaults_mut(&mut self) -> Element {
        self.section_mut("op_defaults")
    }

    pub fn tags_mut(&mut self) -> Element {
        self.section_mut("tags")
    }

    pub fn acls_mut(&mut self) -> Element {
        self.section_mut("acls")
    }

    pub fn alerts_mut(&mut self) -> Element {
        self.section_mut("alerts")
    }

    pub fn fencing_topology_mut(&mut self) -> Element {
        self.section_mut("fencing-topology")
    }

    /// A child of `<status>` by node name.
    pub fn node_state(&self, uname: &str) -> Option<Element> {
        self.children_named(self.status()?, "node_state").find(|e| self.attr(*e, "uname") == Some(uname))
    }

    /// A cluster property as written (no defaults, no rules): `cib-bootstrap-options` wins.
    pub fn property(&self, name: &str) -> Option<&str> {
        let config = self.crm_config()?;
        let sets = || self.children_named(config, "cluster_property_set");
        let bootstrap = sets().filter(|s| self.attr(*s, "id") == Some("cib-bootstrap-options"));
        let others = sets().filter(|s| self.attr(*s, "id") != Some("cib-bootstrap-options"));
        bootstrap.chain(others).find_map(|set| crate::nvpair::get(self, set, name))
    }
}

impl TryFrom<Document> for Cib {
    type Error = CibError;

    fn try_from(doc: Document) -> Result<Cib, CibError> {
        let root = doc.root();
        if doc.name(root) != "cib" {
            return Err(CibError::NotACib(doc.name(root).chars().take(60).collect()));
        }
        if doc.child(root, "configuration").is_none() {
            return Err(CibError::NoConfiguration);
        }
        Ok(Cib { doc })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_cib_has_all_sections() {
        let mut cib = Cib::empty();
        assert_eq!(cib.version(), Version::default());
        assert!(cib.nodes().is_some() && cib.status().is_some() && cib.tags().is_none());
        let tags = cib.tags_mut();
        assert_eq!(cib.tags(), Some(tags));
        assert_eq!(cib.tags_mut(), tags);
        let again = Cib::parse(&cib.to_xml()).unwrap();
        assert_eq!(again.schema(), Some("pacemaker-3.9"));
    }

    #[test]
    fn versions_are_ordered() {
        let mut cib = Cib::empty();
        cib.set_version(Version::new(1, 5, 7));
        assert_eq!(cib.version().to_string(), "1.5.7");
        assert!(cib.version() > Version::new(0, 9, 9));
        assert_eq!(cib.version().base(), (1, 5));
    }

    #[test]
    fn other_documents_are_refused() {
        assert!(matches!(Cib::parse("<a>"), Err(CibError::Syntax(_))));
        assert_eq!(Cib::parse("<a/>").unwrap_err(), CibError::NotACib("a".into()));
        assert_eq!(Cib::parse("<cib/>").unwrap_err(), CibError::NoConfiguration);
    }

    #[test]
    fn the_bootstrap_options_win() {
        let cib = Cib::parse(
            "<cib><configuration><crm_config>
            <cluster_property_set id='a'><nvpair id='1' name='x' value='a'/><nvpair id='2' name='y' value='a'/></cluster_property_set>
            <cluster_property_set id='cib-bootstrap-options'><nvpair id='3' name='x' value='b'/></cluster_property_set>
            </crm_config></configuration></cib>",
        )
        .unwrap();
        assert_eq!((cib.property("x"), cib.property("y"), cib.property("z")), (Some("b"), Some("a"), None));
    }
}
