//! `make differential`: the same generated CIBs through ours and through the installed
//! `crm_simulate`, and how often both decide alike, by feature.
//!
//! Usage: `differential [--cases N] [--seed N] [--show]`. What is compared is the transition summary
//! (as a set of lines) and the cluster's state afterwards. Debian's scheduler is older than the one
//! ours follows, so this is a guide: each disagreement is a place to look, not a verdict.

#[path = "differential/generate.rs"]
mod generate;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// What one simulation said, as far as it is compared.
#[derive(Debug, PartialEq, Eq)]
struct Decision {
    summary: BTreeSet<String>,
    afterwards: String,
}

fn main() {
    let option = |name: &str| std::env::args().skip_while(|a| a != name).nth(1).and_then(|n| n.parse().ok());
    let cases: u64 = option("--cases").unwrap_or(300);
    let first: u64 = option("--seed").unwrap_or(1);
    let show = std::env::args().any(|a| a == "--show");
    if !rhapsody_tests::has("crm_simulate") {
        return;
    }
    let ours = rhapsody_tests::bin_dir().join("rhapsody");
    let file = std::env::temp_dir().join(format!("rhapsody-differential-{}.xml", std::process::id()));

    let mut by_feature: BTreeMap<&'static str, (u64, u64)> = BTreeMap::new();
    let (mut agreed, mut asked) = (0, 0);
    for seed in first..first + cases {
        let case = generate::case(seed);
        if let Err(problem) = std::fs::write(&file, &case.cib) {
            eprintln!("Error: cannot write {}: {problem}", file.display());
            std::process::exit(1);
        }
        let Some(theirs) = simulate(Path::new("crm_simulate"), &[], &file) else { continue };
        let mine = simulate(&ours, &["simulate"], &file);
        let same = mine.as_ref() == Some(&theirs);
        asked += 1;
        agreed += u64::from(same);
        for feature in &case.features {
            let counts = by_feature.entry(feature).or_default();
            counts.0 += u64::from(same);
            counts.1 += 1;
        }
        if !same && show {
            println!("seed {seed}: {:?}", case.features);
            tell_difference(&theirs, mine.as_ref());
        }
    }
    let _ = std::fs::remove_file(&file);
    for (feature, (same, all)) in &by_feature {
        println!("{feature:<22} {same:>5} of {all}");
    }
    println!("differential: {agreed} of {asked} decided alike");
}

fn simulate(program: &Path, before: &[&str], cib: &Path) -> Option<Decision> {
    let out =
        Command::new(program).args(before).arg("-x").arg(cib).arg("-S").env("TZ", "UTC").output().ok()?;
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let (_, after_summary) = text.split_once("Transition Summary:")?;
    let (summary, rest) = after_summary.split_once("Executing Cluster Transition:")?;
    let (_, afterwards) = rest.split_once("Revised Cluster Status:")?;
    // The older program calls maintenance unmanaged.
    let words = |line: &str| {
        line.split_whitespace().collect::<Vec<_>>().join(" ").replace("maintenance)", "unmanaged)")
    };
    Some(Decision {
        summary: summary.lines().map(words).filter(|l| l.starts_with('*')).collect(),
        afterwards: afterwards.lines().map(words).filter(|l| !l.is_empty()).collect::<Vec<_>>().join("\n"),
    })
}

fn tell_difference(theirs: &Decision, ours: Option<&Decision>) {
    let Some(ours) = ours else {
        println!("  ours gave no answer");
        return;
    };
    for line in theirs.summary.difference(&ours.summary) {
        println!("  only theirs: {line}");
    }
    for line in ours.summary.difference(&theirs.summary) {
        println!("  only ours:   {line}");
    }
    if theirs.afterwards != ours.afterwards {
        let (a, b): (BTreeSet<_>, BTreeSet<_>) =
            (theirs.afterwards.lines().collect(), ours.afterwards.lines().collect());
        a.difference(&b).for_each(|l| println!("  after, only theirs: {l}"));
        b.difference(&a).for_each(|l| println!("  after, only ours:   {l}"));
    }
}
