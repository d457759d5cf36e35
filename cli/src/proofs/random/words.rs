//! Words that commands are made of: sensible, likely and odd ones.

use super::Random;
use crate::commands::{NOUNS, Verb};

/// Commands that read or write other files, or start programs.
const NOT_HERE: &[&str] = &["cluster", "config", "booth", "quorum", "status"];

pub const IDS: &[&str] = &[
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

pub fn likely(random: &mut Random) -> Vec<String> {
    let line = random.pick(LIKELY).split_whitespace().map(|word| {
        let nodes = ["n1", "n2", "n3"];
        let word = word.replace("@pair", random.pick(PAIRS)).replace("@node", random.pick(&nodes));
        word.replace("@id", random.pick(IDS))
    });
    line.collect()
}

/// Words of a command: near to what its usage says, or quite strange.
pub fn words(random: &mut Random, noun: &str, verb: &Verb) -> Vec<String> {
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
pub fn commands() -> Vec<(&'static str, &'static Verb)> {
    let nouns = NOUNS.iter().filter(|noun| !NOT_HERE.contains(&noun.name));
    let all = nouns.flat_map(|noun| noun.verbs.iter().map(|verb| (noun.name, verb)));
    all.filter(|(_, verb)| verb.options.contains(&"-f")).collect()
}
