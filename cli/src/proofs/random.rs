//! Random commands on good and on broken CIBs: no panic; a refused command changes nothing, and
//! one that is done leaves a CIB no worse than it was.
//!
//! Two seconds each in `cargo test`; RHAPSODY_FUZZ_SECONDS=N for N.

use super::{RICH, Runner, crm_verify, round_trip};
use crate::commands::{NOUNS, Verb, find};
use crate::options::Options;
use rhapsody_cib::{Cib, Document};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

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

/// Commands that read or write other files, or start programs.
const NOT_HERE: &[&str] = &["cluster", "config", "booth", "quorum", "status"];

const IDS: &[&str] = &[
    "vip",
    "web",
    "web-fs",
    "web-db",
    "pair",
    "pair-clone",
    "every",
    "every-group",
    "e1",
    "box",
    "inside",
    "f1",
    "f2",
    "all-web",
    "ops",
    "alice",
    "wheel",
    "mail",
    "mail-recipient",
    "vip-n1",
    "sets-together",
    "by-rule-rule",
    "vip-mon",
    "night",
    "new",
    "new-2",
    "n1",
    "n2",
    "n3",
    "T1",
];
const PAIRS: &[&str] = &[
    "score=10",
    "score=-INFINITY",
    "id=chosen",
    "kind=Optional",
    "config=/etc/x",
    "port=80",
    "priority=1",
    "target-role=Stopped",
    "promotable=true",
    "interval=10s",
    "timeout=1m",
    "role=Promoted",
    "cpu=3",
    "cpu=x",
    "resource-stickiness=5",
    "lifetime=PT5M",
    "value=v",
    "path=/bin/x",
    "description=some text",
    "sequential=false",
    "loss-policy=stop",
    "image=i",
    "replicas=2",
    "ip-range-start=192.0.2.9",
    "control-port=3121",
    "source-dir=/a",
    "target-dir=/b",
    "maintenance-mode=true",
    "no-such=1",
    "resource-discovery=never",
    "constraint-id=here",
    "a=",
    "=b",
    "=",
    "id=1x",
    "score=1.5",
    "score=99999999999999999999",
];
const WORDS: &[&str] = &[
    "then",
    "with",
    "to",
    "from",
    "set",
    "setoptions",
    "op",
    "meta",
    "clone",
    "promotable",
    "group",
    "bundle",
    "container",
    "podman",
    "network",
    "port-map",
    "storage-map",
    "add",
    "remove",
    "delete",
    "rule",
    "prefers",
    "avoids",
    "start",
    "monitor",
    "promote",
    "user",
    "read",
    "xpath",
    "//cib",
    "options",
    "ocf:test:Service",
    "ocf:test:Pair",
    "fence_test",
    "Service",
    "resource%vip",
    "regexp%w.*",
    "node%n1",
    "1",
    "-1",
    "INFINITY",
    "-INFINITY",
    "Promoted",
    "master",
    "any",
    "defined rack",
    "date gt 2030-01-01",
    "#uname eq n1 and (date-spec hours=1-5 or not_defined x)",
    "((",
    "target",
    "stonith",
    "attrib%rack=a",
];
const ODD: &[&str] = &[
    "",
    " ",
    "\u{1F600}",
    "Grüße",
    "a b",
    "it's",
    "\"",
    "<x>",
    "&amp;",
    "]]>",
    "\n",
    "\t",
    "\u{1}",
    "\u{0}",
    "1a",
    "-",
    "--",
    "%",
    "\\",
    "☃=☃",
    "999999999999999999999",
    "-0",
    "é\u{301}",
    "a\r\nb",
    "../../x",
    "${x}",
    "n1=",
    "n1=INFINITY",
];
const OPTIONS: &[&str] = &[
    "--force",
    "--full",
    "--all",
    "--wait",
    "--disabled",
    "--no-default-ops",
    "--future",
    "--promoted",
    "--autodelete",
    "--output-format=json",
    "--output-format=cmd",
    "--group=web",
    "--after=vip",
    "--before=web-fs",
    "--name=rack",
    "--bogus",
    "--",
    "-x",
    "--agent-validation",
];

/// Commands that mostly succeed: `@id`, `@pair` and `@node` are chosen.
const LIKELY: &[&str] = &[
    "acl role create new read xpath //cib",
    "acl user create bob ops",
    "acl permission add ops deny id @id",
    "alert create path=/bin/x",
    "alert recipient add mail value=@id",
    "alert update mail options @pair",
    "cib element description @id words",
    "constraint location @id prefers @node=10 --force",
    "constraint location @id avoids @node --force",
    "constraint location add @id @id @node 5 --force",
    "constraint location @id rule score=5 #uname eq @node --force",
    "constraint order @id then @id --force",
    "constraint order set @id @id set @id --force",
    "constraint colocation add @id with @id @pair --force",
    "constraint colocation set @id @id @pair",
    "constraint ticket add T3 @id --force",
    "constraint delete @id",
    "node attribute @node @pair",
    "node utilization @node cpu=7",
    "node standby @node",
    "node maintenance @node",
    "property set @pair --force",
    "property unset stonith-enabled",
    "resource create @id ocf:test:Service @pair config=x --force",
    "resource create new ocf:test:Pair promotable",
    "resource create new-2 ocf:test:Service config=y clone @pair --force",
    "resource create new-3 ocf:test:Service config=y group web --before web-db",
    "resource create new-4 ocf:test:Service config=y op monitor @pair meta @pair --force",
    "resource update @id @pair --force",
    "resource meta @id @pair",
    "resource op add @id monitor interval=33s @pair --force",
    "resource op delete @id monitor",
    "resource op defaults update @pair",
    "resource defaults update @pair",
    "resource defaults set create @pair meta @pair rule resource ocf:test:Service --force",
    "resource group add web @id",
    "resource group add new-group @id @id",
    "resource group remove web @id",
    "resource ungroup @id",
    "resource clone @id @pair",
    "resource promotable @id",
    "resource unclone @id",
    "resource bundle create new-box container podman image=i @pair port-map port=1 storage-map source-dir=/a target-dir=/b",
    "resource bundle update box container @pair meta @pair",
    "resource bundle reset box container image=j network control-port=1 meta @pair",
    "resource enable @id",
    "resource disable @id",
    "resource manage @id",
    "resource unmanage @id --monitor",
    "resource utilization @id cpu=2",
    "resource delete @id --force",
    "stonith create new-f fence_test ip=1 @pair --force",
    "stonith update f1 @pair --force",
    "stonith level add 3 @node f1 f2",
    "stonith level clear",
    "stonith delete @id --force",
    "tag create new-tag @id @id",
    "tag update all-web add @id",
    "tag update all-web remove @id",
    "tag delete @id",
];

fn likely(random: &mut Random) -> Vec<String> {
    let line = random.pick(LIKELY).split_whitespace().map(|word| {
        let nodes = ["n1", "n2", "n3"];
        let word = word.replace("@pair", random.pick(PAIRS)).replace("@node", random.pick(&nodes));
        word.replace("@id", random.pick(IDS))
    });
    line.collect()
}

/// Words of a command: near to what its usage says, or quite strange.
fn words(random: &mut Random, noun: &str, verb: &Verb) -> Vec<String> {
    if random.one_in(2) {
        return likely(random);
    }
    let mut words: Vec<String> =
        std::iter::once(noun).chain(verb.words.split_whitespace()).map(str::to_owned).collect();
    let usage: Vec<&str> = verb.usage.lines().next().unwrap_or("").split_whitespace().collect();
    let strange = random.one_in(4);
    if !strange {
        for part in usage {
            if part.starts_with('[') && random.one_in(2) {
                continue;
            }
            let bare = part.trim_matches(['[', ']', '(', ')', '.', '|']);
            if bare.starts_with('<') || bare.ends_with('>') {
                // `<resource id>` is two parts: one word for the first.
                if bare.starts_with('<') {
                    words.push(
                        if bare.contains('=') { random.pick(PAIRS) } else { random.pick(IDS) }.to_owned(),
                    );
                }
            } else if !bare.is_empty() && !bare.starts_with('-') {
                words.push(bare.split('|').next().unwrap_or(bare).to_owned());
            }
        }
    }
    let more = match (strange, random.one_in(3)) {
        (true, _) => random.below(9),
        (false, true) => 1 + random.below(3),
        (false, false) => 0,
    };
    for _ in 0..more {
        let list = match random.below(10) {
            0..=3 => IDS,
            4..=6 => PAIRS,
            7..=8 => WORDS,
            _ => ODD,
        };
        words.push(random.pick(list).to_owned());
    }
    if random.one_in(60) {
        words.push("x".repeat(10_000));
    }
    for _ in 0..random.below(3) {
        let known: Vec<&str> = verb.options.iter().copied().filter(|name| OPTIONS.contains(name)).collect();
        let option =
            if known.is_empty() || random.one_in(6) { random.pick(OPTIONS) } else { random.pick(&known) };
        if !words.iter().any(|word| word == option) || random.one_in(9) {
            words.push(option.to_owned());
        }
    }
    if random.one_in(6) && words.len() > 2 {
        let (a, b) = (1 + random.below(words.len() - 1), 1 + random.below(words.len() - 1));
        words.swap(a, b);
    }
    words
}

/// Every command of the tables that changes or reads a configuration and nothing else.
fn commands() -> Vec<(&'static str, &'static Verb)> {
    let nouns = NOUNS.iter().filter(|noun| !NOT_HERE.contains(&noun.name));
    let all = nouns.flat_map(|noun| noun.verbs.iter().map(|verb| (noun.name, verb)));
    all.filter(|(_, verb)| verb.options.contains(&"-f")).collect()
}

/// A few edits, sensible or not.
fn mutate(cib: &mut Cib, random: &mut Random) {
    const NAMES: &[&str] = &[
        "primitive",
        "group",
        "clone",
        "rule",
        "nvpair",
        "meta_attributes",
        "rsc_location",
        "resource_set",
        "tag",
        "x-y",
    ];
    const VALUES: &[&str] = &["", "vip", "true", "-1", "INFINITY", "web", "Master", "1.5", "☃", "2030-01-01"];
    for _ in 0..1 + random.below(6) {
        let all: Vec<_> = cib.descendants(cib.root()).collect();
        let element = all[random.below(all.len())];
        if element == cib.root() {
            continue;
        }
        let names: Vec<String> = cib.attrs(element).map(|(name, _)| name.to_owned()).collect();
        match random.below(7) {
            0 => cib.remove(element),
            1 if !names.is_empty() => {
                cib.remove_attr(element, &names[random.below(names.len())]);
            }
            2 | 3 if !names.is_empty() => {
                cib.set_attr(element, &names[random.below(names.len())], random.pick(VALUES))
            }
            4 => {
                let parent = cib.parent(element).unwrap_or_else(|| cib.root());
                cib.duplicate(element, parent, random.below(4));
            }
            5 => cib.rename(element, random.pick(NAMES)),
            _ => {
                let child = cib.append(element, random.pick(NAMES));
                cib.set_attr(child, "id", random.pick(IDS));
            }
        }
    }
}

fn for_a_while(mut test: impl FnMut(&mut Random)) -> u64 {
    let seconds = std::env::var("RHAPSODY_FUZZ_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(2);
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut seed = 0;
    while Instant::now() < end {
        seed += 1;
        test(&mut Random(seed));
    }
    seed
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
    let mut refused = 0;
    let rounds = for_a_while(|random| {
        let seed = random.0;
        let (mut from, mut to) = (changed(random), changed(random));
        let json = to.line("config --output-format json").expect("the configuration can be shown");
        let wanted = serde_json::from_str(&json).expect("what is shown can be read");
        match crate::plan::carry_out(&mut from.context, &wanted) {
            Ok(_) => {
                let again = crate::plan::carry_out(&mut from.context, &wanted).expect("it is there already");
                assert!(again.is_empty(), "seed {seed}: not there yet: {again:#?}");
            }
            // Nothing is written then; some knots cannot be untied one by one.
            Err(failure) => {
                println!("seed {seed}: {failure:?}");
                refused += 1;
            }
        }
    });
    assert!(refused * 20 <= rounds, "{refused} of {rounds} plans are refused");
}
