//! Is a rule in effect now, not yet, or no longer?

use rhapsody_cib::rules::{self, RuleContext};
use rhapsody_xml::{Document, Element};

/// pcs's words for it. Only of rules with one date can it be said.
pub fn in_effect(doc: &Document, rule: Element, now: i64) -> &'static str {
    let dates: Vec<Element> =
        doc.descendants(rule).filter(|element| doc.name(*element) == "date_expression").collect();
    let &[date] = dates.as_slice() else { return "UNKNOWN" };
    if doc.child(date, "date_spec").is_some() {
        return "UNKNOWN";
    }
    // Only the date is looked at: attributes are known to a running cluster, not here.
    let mut alone = Document::new("rule");
    let root = alone.root();
    alone.copy_from(root, 0, doc, date);
    if rules::expired(&alone, root, now, 0) {
        return "EXPIRED";
    }
    let context = RuleContext { now, ..RuleContext::default() };
    match rules::evaluate(&alone, root, &context) {
        (true, _) => "IN_EFFECT",
        (false, _) => "NOT_YET_IN_EFFECT",
    }
}
