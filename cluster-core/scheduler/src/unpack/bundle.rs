//! Bundles: containers with an address, a connection and a primitive inside.

use super::Reader;
use crate::model::ResourceIdx;
use rhapsody_xml::Element;

impl Reader<'_> {
    pub(super) fn bundle(&mut self, e: Element) -> Option<ResourceIdx> {
        let id = self.env.doc.attr(e, "id").map(str::to_owned);
        let text = format!("Bundle '{}' is not scheduled by this version", id.as_deref().unwrap_or(""));
        self.c.issue(true, id.as_deref(), text);
        None
    }
}
