//! Random commands on good and on broken CIBs: no panic; a refused command changes nothing, and
//! one that is done leaves a CIB no worse than it was.
//!
//! Two seconds each in `cargo test`; RHAPSODY_FUZZ_SECONDS=N for N. RHAPSODY_FUZZ_SEED=N begins with that
//! seed, so that what a failure tells can be seen again.

mod mutate;
mod words;

use super::{RICH, Runner, crm_verify, round_trip};
use crate::commands::find;
use crate::options::Options;
use mutate::mutate;
use rhapsody_cib::{Cib, Document};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};
use words::{commands, likely, words};

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        self.0 >> 33
    }

    fn below(&mut self, n: usize) -> usize {
        self.next() as usize % n.max(1)
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[self.below(list.len())]
    }
}

fn for_a_while(mut test: impl FnMut(&mut Random)) -> u64 {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let end = Instant::now() + Duration::from_secs(number("RHAPSODY_FUZZ_SECONDS").unwrap_or(2));
    let first = number("RHAPSODY_FUZZ_SEED").unwrap_or(1);
    let mut rounds = 0;
    while Instant::now() < end {
        test(&mut Random(first + rounds));
        rounds += 1;
    }
    rounds
}

/// Runs one command; what must hold is checked.
fn step(runner: &mut Runner, words: &[String], seed: u64) -> bool {
    let before = runner.cib().clone();
    let done = catch_unwind(AssertUnwindSafe(|| runner.run(words)));
    let Ok(done) = done else { panic!("a panic, seed {seed}: {words:?}\non:\n{}", before.to_xml()) };
    let after = runner.text();
    if done.is_err() {
        assert!(after == before.to_xml(), "refused and yet changed, seed {seed}: {words:?}");
        return false;
    }
    if after == before.to_xml() {
        return false;
    }
    let (_, plain) = Options::parse(words.to_vec()).expect("it was done");
    let verb = find(&plain).unwrap_or_else(|| panic!("what has changed something? {words:?}"));
    assert!(verb.options.contains(&"--dry-run"), "changes something and cannot be tried: {words:?}");
    let read = Cib::parse(&after)
        .unwrap_or_else(|error| panic!("not a CIB any more, seed {seed}: {words:?}: {error}"));
    assert!(read.to_xml() == after, "reads back as another, seed {seed}: {words:?}");
    let problems = |cib: &Cib| -> BTreeSet<String> { cib.errors().iter().map(ToString::to_string).collect() };
    let new: Vec<String> = problems(&read).difference(&problems(&before)).cloned().collect();
    assert!(new.is_empty(), "seed {seed}: {words:?} makes the CIB wrong: {new:#?}");
    true
}

#[test]
fn random_commands_on_a_good_cib_keep_it_good() {
    let commands = commands();
    assert!(commands.len() > 100);
    let (mut changed, mut verified) = (0, 0);
    let seeds = for_a_while(|random| {
        let seed = random.0;
        let mut runner = Runner::rich();
        let mut told = Vec::new();
        for _ in 0..20 {
            let (noun, verb) = commands[random.below(commands.len())];
            let words = words(random, noun, verb);
            if step(&mut runner, &words, seed) {
                changed += 1;
                told.push(words);
            }
        }
        if !random.one_in(8) || told.is_empty() {
            return;
        }
        match crm_verify(runner.cib()) {
            Some(Ok(())) => verified += 1,
            Some(Err(problem)) => panic!(
                "crm_verify refuses the result of {told:#?}, seed {seed}: {problem}\n{}",
                runner.text()
            ),
            None => {}
        }
    });
    println!("{seeds} rounds, {changed} changes, {verified} results accepted by crm_verify");
    assert!(changed > seeds, "random commands change too little to prove anything");
    if crm_verify(Runner::rich().cib()).is_none() {
        println!("no crm_verify here: what it would say is not known");
    }
}

#[test]
fn random_commands_on_broken_cibs_neither_panic_nor_make_it_worse() {
    let commands = commands();
    let good = Cib::parse(RICH).unwrap();
    for_a_while(|random| {
        let seed = random.0;
        let mut cib = good.clone();
        mutate(&mut cib, random);
        let mut runner = Runner::new(cib);
        for _ in 0..10 {
            let (noun, verb) = commands[random.below(commands.len())];
            let words = words(random, noun, verb);
            step(&mut runner, &words, seed);
        }
    });
}

#[test]
fn broken_files_are_refused() {
    for text in [
        "",
        "<",
        "<a/>",
        "<cib>",
        "<!DOCTYPE cib [<!ENTITY a 'b'>]><cib/>",
        "<cib><configuration/></cib",
        "\u{0}",
        "<cib a='1' a='2'/>",
    ] {
        assert!(Cib::parse(text).is_err(), "{text}");
    }
    assert!(Document::parse(RICH).is_ok());
}

/// The rich CIB after a few commands that mostly succeed.
fn changed(random: &mut Random) -> Runner {
    let mut runner = Runner::rich();
    for _ in 0..1 + random.below(8) {
        let _ = runner.run(&likely(random));
    }
    runner
}

#[test]
fn commands_of_whatever_was_made_make_it_again() {
    for_a_while(|random| {
        let seed = random.0;
        let mut runner = changed(random);
        if let Err(problem) = round_trip::whole(&mut runner) {
            panic!("seed {seed}: {problem}\n{}", runner.text());
        }
    });
}

#[test]
fn a_plan_leads_from_anything_to_anything() {
    let rounds = for_a_while(|random| {
        let seed = random.0;
        let (mut from, mut to) = (changed(random), changed(random));
        let json = to.line("config --output-format json").expect("the configuration can be shown");
        let wanted = serde_json::from_str(&json).expect("what is shown can be read");
        let before = from.text();
        if let Err(failure) = crate::plan::carry_out(&mut from.context, &wanted) {
            panic!("seed {seed}: {failure:?}\nfrom:\n{before}\nto:\n{}", to.text());
        }
        let again = crate::plan::carry_out(&mut from.context, &wanted).expect("it is there already");
        assert!(again.is_empty(), "seed {seed}: not there yet: {again:#?}");
    });
    println!("{rounds} plans");
}
