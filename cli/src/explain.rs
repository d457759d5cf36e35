//! Every code that a report can have: what happened, why, what to do.
//!
//! The texts are files beside this one: blocks of four lines, the code first. A test reads the
//! source of the workspace and holds them against it: a code that is used and not explained fails
//! it, and so does one that is explained and not used.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation {
    pub code: &'static str,
    pub what: &'static str,
    pub why: &'static str,
    pub todo: &'static str,
}

const TEXTS: &[&str] = &[
    include_str!("explain/agents.txt"),
    include_str!("explain/cluster.txt"),
    include_str!("explain/configuration.txt"),
    include_str!("explain/constraints.txt"),
    include_str!("explain/files.txt"),
    include_str!("explain/nodes.txt"),
    include_str!("explain/resources.txt"),
    include_str!("explain/words.txt"),
];

/// All of them, as the files have them.
pub fn all() -> impl Iterator<Item = Explanation> {
    TEXTS.iter().flat_map(|text| text.split("\n\n")).filter_map(|block| {
        let mut lines = block.lines().filter(|line| !line.is_empty());
        let found =
            Explanation { code: lines.next()?, what: lines.next()?, why: lines.next()?, todo: lines.next()? };
        lines.next().is_none().then_some(found)
    })
}

pub fn find(code: &str) -> Option<Explanation> {
    all().find(|explanation| explanation.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    /// Words in capitals that are no codes: variables, and what kinds of things are called.
    const NO_CODES: &[&str] = &[
        "CARGO_",
        "DATE_EXPRESSION",
        "HA_",
        "IN_EFFECT",
        "LC_ALL",
        "NOT_YET_IN_EFFECT",
        "OCF_",
        "OP_EXPRESSION",
        "RHAPSODY_",
        "RSC_EXPRESSION",
        "SBD_",
        "SCREAMING_SNAKE_CASE",
        "SYSTEMCTL_",
        "XDG_",
    ];

    fn sources(folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(fs::read_to_string(path).unwrap());
            }
        }
    }

    fn used() -> BTreeSet<String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut found = Vec::new();
        for crate_ in ["cli", "pcsd"] {
            sources(&root.join(crate_).join("src"), &mut found);
        }
        for entry in fs::read_dir(root.join("cluster-core")).unwrap() {
            let folder = entry.unwrap().path().join("src");
            if folder.is_dir() {
                sources(&folder, &mut found);
            }
        }
        let code = regex::Regex::new(r#""([A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+)""#).unwrap();
        let words = found.iter().flat_map(|text| code.captures_iter(text)).map(|word| word[1].to_owned());
        words.filter(|word| !NO_CODES.iter().any(|other| word.starts_with(other))).collect()
    }

    #[test]
    fn every_code_is_explained_and_every_explanation_is_of_a_code() {
        let used = used();
        assert!(used.len() > 150, "the source of the workspace is not where it was");
        let explained: Vec<&str> = all().map(|found| found.code).collect();
        let known: BTreeSet<String> = explained.iter().map(|code| (*code).to_owned()).collect();
        assert_eq!(known.len(), explained.len(), "a code is explained twice");
        let missing: Vec<&String> = used.difference(&known).collect();
        assert!(missing.is_empty(), "not explained in cli/src/explain/*.txt: {missing:?}");
        let unused: Vec<&String> = known.difference(&used).collect();
        assert!(unused.is_empty(), "explained in cli/src/explain/*.txt and not used: {unused:?}");
    }

    #[test]
    fn every_block_has_four_lines_and_sentences_end() {
        let blocks =
            TEXTS.iter().flat_map(|text| text.split("\n\n")).filter(|block| !block.trim().is_empty());
        for block in blocks {
            let lines: Vec<&str> = block.lines().filter(|line| !line.is_empty()).collect();
            assert_eq!(lines.len(), 4, "{block}");
            assert!(lines[1..].iter().all(|line| line.ends_with(['.'])), "{block}");
        }
    }
}
