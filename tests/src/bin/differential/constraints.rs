//! Constraints of a generated CIB: simple ones with their options, and sets.

use super::Builder;
use std::fmt::Write;

const SCORES: [&str; 5] = ["INFINITY", "-INFINITY", "100", "-50", "10"];

impl Builder {
    pub(super) fn constraints(&mut self) {
        for n in 0..self.dice.roll(6) {
            let (first, then) = (self.any_top(), self.any_top());
            match self.dice.roll(4) {
                0 => self.location(n, &first),
                1 if first != then => self.colocation(n, &first, &then),
                2 if first != then => self.order(n, &first, &then),
                3 if self.dice.one_in(2) => self.sets(n),
                _ => {}
            }
        }
    }

    fn any_top(&mut self) -> String {
        self.dice.pick(&self.tops.clone()).clone()
    }

    fn location(&mut self, n: u64, rsc: &str) {
        self.has("location");
        let node = self.dice.pick(&self.nodes.clone()).clone();
        let score = *self.dice.pick(&SCORES);
        let xml = if self.promotables.iter().any(|p| p == rsc) && self.dice.one_in(2) {
            self.has("location-role");
            format!(
                r##"<rsc_location id="l{n}" rsc="{rsc}"><rule id="l{n}-r" role="Promoted" score="{score}"><expression id="l{n}-e" attribute="#uname" operation="eq" value="{node}"/></rule></rsc_location>"##
            )
        } else {
            format!(r#"<rsc_location id="l{n}" rsc="{rsc}" node="{node}" score="{score}"/>"#)
        };
        self.constraints.push_str(&xml);
    }

    /// ` NAME="ROLE"` for a promotable clone, sometimes.
    fn role(&mut self, rsc: &str, name: &str) -> String {
        if !self.promotables.iter().any(|p| p == rsc) || self.dice.one_in(2) {
            return String::new();
        }
        self.has("colocation-role");
        let role = *self.dice.pick(&["Promoted", "Promoted", "Unpromoted"]);
        format!(r#" {name}="{role}""#)
    }

    fn colocation(&mut self, n: u64, rsc: &str, with: &str) {
        self.has("colocation");
        let score = *self.dice.pick(&SCORES);
        let mut options = self.role(rsc, "rsc-role") + &self.role(with, "with-rsc-role");
        if self.dice.one_in(6) {
            self.has("node-attribute");
            options.push_str(r#" node-attribute="site""#);
        }
        if self.dice.one_in(6) {
            self.has("influence");
            let influence = self.dice.one_in(2);
            let _ = write!(options, r#" influence="{influence}""#);
        }
        let _ = write!(
            self.constraints,
            r#"<rsc_colocation id="k{n}" rsc="{rsc}" with-rsc="{with}" score="{score}"{options}/>"#
        );
    }

    fn order(&mut self, n: u64, first: &str, then: &str) {
        self.has("order");
        let kind = *self.dice.pick(&["Mandatory", "Mandatory", "Optional", "Serialize"]);
        let promotable = |b: &Self, rsc: &str| b.promotables.iter().any(|p| p == rsc);
        let mut options = if promotable(self, first) && self.dice.one_in(2) {
            self.has("order-promote");
            r#" first-action="promote" then-action="start""#.to_owned()
        } else if promotable(self, then) && self.dice.one_in(2) {
            self.has("order-then-promote");
            r#" first-action="start" then-action="promote""#.to_owned()
        } else {
            String::new()
        };
        if self.dice.one_in(6) {
            self.has("asymmetrical");
            options.push_str(r#" symmetrical="false""#);
        } else if self.dice.one_in(6) {
            self.has("require-all");
            options.push_str(r#" require-all="false""#);
        }
        let _ = write!(
            self.constraints,
            r#"<rsc_order id="o{n}" first="{first}" then="{then}" kind="{kind}"{options}/>"#
        );
    }

    /// Two of the resources as a set, and a third as another.
    fn sets(&mut self, n: u64) {
        if self.tops.len() < 3 {
            return;
        }
        let mut left = self.tops.clone();
        let mut names = (0..3).map(|_| left.remove(self.dice.roll(left.len() as u64) as usize));
        let (Some(a), Some(b), Some(c)) = (names.next(), names.next(), names.next()) else { return };
        drop(names);
        let sequential = self.dice.one_in(2);
        let all = self.dice.one_in(2);
        let (open, close) = if self.dice.one_in(2) {
            self.has("colocation set");
            (format!(r#"<rsc_colocation id="s{n}" score="INFINITY">"#), "</rsc_colocation>")
        } else {
            self.has("order set");
            (format!(r#"<rsc_order id="s{n}">"#), "</rsc_order>")
        };
        let require =
            if close == "</rsc_order>" { format!(r#" require-all="{all}""#) } else { String::new() };
        let _ = write!(
            self.constraints,
            r#"{open}<resource_set id="s{n}-1" sequential="{sequential}"{require}><resource_ref id="{a}"/><resource_ref id="{b}"/></resource_set><resource_set id="s{n}-2" sequential="true"><resource_ref id="{c}"/></resource_set>{close}"#
        );
    }
}
