//! crm_simulate's options, and what they ask for.

use super::profile::Profile;
use crate::compat::args::{Arg, Args, Opt};
use rhapsody_scheduler::simulate::{Injections, OpSpec, Request};

pub const OPTIONS: &[Opt] = &[
    ('h', "help", Arg::No),
    ('?', "help-all", Arg::No),
    ('L', "live-check", Arg::No),
    ('x', "xml-file", Arg::Yes),
    ('p', "xml-pipe", Arg::No),
    ('R', "run", Arg::No),
    ('S', "simulate", Arg::No),
    ('X', "in-place", Arg::No),
    ('A', "show-attrs", Arg::No),
    ('c', "show-failcounts", Arg::No),
    ('s', "show-scores", Arg::No),
    ('U', "show-utilization", Arg::No),
    ('P', "profile", Arg::Yes),
    ('N', "repeat", Arg::Yes),
    ('Q', "quiet", Arg::No),
    ('V', "verbose", Arg::No),
    ('u', "node-up", Arg::Yes),
    ('d', "node-down", Arg::Yes),
    ('f', "node-fail", Arg::Yes),
    ('i', "op-inject", Arg::Yes),
    ('F', "op-fail", Arg::Yes),
    ('t', "set-datetime", Arg::Yes),
    ('q', "quorum", Arg::Yes),
    ('w', "watchdog", Arg::Yes),
    ('g', "ticket-grant", Arg::Yes),
    ('r', "ticket-revoke", Arg::Yes),
    ('b', "ticket-standby", Arg::Yes),
    ('e', "ticket-activate", Arg::Yes),
    ('I', "save-input", Arg::Yes),
    ('O', "save-output", Arg::Yes),
    ('G', "save-graph", Arg::Yes),
    ('D', "save-dotfile", Arg::Yes),
    ('a', "all-actions", Arg::No),
    ('\0', "output-as", Arg::Yes),
    ('\0', "output-to", Arg::Yes),
    ('\0', "text-fancy", Arg::No),
];

pub const USAGE: &str = "Usage: rhapsody simulate [SOURCE] [OPTIONS]

The CIB (the live cluster's where nothing is said):
    -L, --live-check           the running cluster
    -x, --xml-file=FILE        a file, plain or compressed (pe-input-1.bz2); '-' is standard input
    -p, --xml-pipe             standard input

What to do:
    -R, --run                  show what the cluster would do
    -S, --simulate             and carry it out on paper, and show the status after it
    -X, --in-place             as --simulate, and write the result into the file
    -A, --show-attrs           show node attributes
    -c, --show-failcounts      show fail counts
    -s, --show-scores          show scores
    -U, --show-utilization     show what nodes offer and resources take
    -P, --profile=DIR          tell how long planning takes for each *.xml of a folder
    -N, --repeat=N             with --profile: plan each N times
    -Q, --quiet                only what was asked for
    -V, --verbose              say what of the configuration cannot be used

What happens before (NODE, TICKET and OPERATION as often as wanted):
    -u, --node-up=NODE         a node comes online
    -d, --node-down=NODE       a node leaves
    -f, --node-fail=NODE       a node fails
    -i, --op-inject=OPERATION  the result of an operation: vip_monitor_10000@n1=7
    -F, --op-fail=OPERATION    the operation fails when it is carried out
    -t, --set-datetime=TIME    the time of the simulation (ISO 8601)
    -q, --quorum=BOOL          the cluster has quorum, or has not
    -w, --watchdog=BOOL        there is a watchdog device, or there is none
    -g, --ticket-grant=TICKET  -r, --ticket-revoke=TICKET
    -b, --ticket-standby=TICKET  -e, --ticket-activate=TICKET

What to keep:
    -I, --save-input=FILE      the CIB as it was planned for
    -O, --save-output=FILE     the CIB after the transition (with --simulate)
    -G, --save-graph=FILE      the transition graph as XML
    -D, --save-dotfile=FILE    the transition graph for Graphviz
    -a, --all-actions          draw what need not be done, too
    --output-as=text|xml       --output-to=FILE";

/// Where the CIB is.
#[derive(Debug, PartialEq, Eq)]
pub enum Source {
    Live,
    File(String),
    Stdin,
}

/// What one command line asks for.
#[derive(Debug)]
pub struct Asked {
    pub source: Source,
    pub profile: Option<Profile>,
    pub request: Request,
    pub in_place: bool,
    pub quiet: bool,
    pub verbose: bool,
    pub show_attrs: bool,
    pub show_failcounts: bool,
    pub xml: bool,
    pub to: Option<String>,
    pub input: Option<String>,
    pub output: Option<String>,
    pub graph: Option<String>,
    pub dot: Option<String>,
}

/// `None`: help was asked for.
pub fn parse(words: &[String]) -> Result<Option<Asked>, String> {
    let args = Args::parse(OPTIONS, words).map_err(|problem| problem.text)?;
    if args.has("help") || args.has("help-all") {
        return Ok(None);
    }
    if let Some(word) = args.rest.first() {
        return Err(format!("'{word}' is no option of simulate"));
    }
    let own = |name: &str| args.value(name).map(str::to_owned);
    let source = match (args.has("live-check"), own("xml-file"), args.has("xml-pipe")) {
        (_, None, false) => Source::Live,
        (false, Some(path), false) if path == "-" => Source::Stdin,
        (false, Some(path), false) => Source::File(path),
        (false, None, true) => Source::Stdin,
        _ => {
            return Err(
                "only one of --live-check, --xml-file and --xml-pipe says where the CIB is".to_owned()
            );
        }
    };
    let in_place = args.has("in-place");
    if in_place && !matches!(source, Source::File(_)) {
        return Err("--in-place writes into the file that --xml-file names".to_owned());
    }
    let xml = match args.value("output-as") {
        None | Some("text") => false,
        Some("xml") => true,
        Some(other) => return Err(format!("'{other}' is no output format: use text or xml")),
    };
    let repeat = match args.value("repeat") {
        None => 1,
        Some(n) => n
            .parse()
            .ok()
            .filter(|n| *n > 0)
            .ok_or_else(|| format!("--repeat takes a number from 1 on, not '{n}'"))?,
    };
    let profile = own("profile").map(|folder| Profile { folder, repeat });
    if args.has("repeat") && profile.is_none() {
        return Err("--repeat says how often --profile plans: name a folder with it".to_owned());
    }
    if profile.is_some() && xml {
        return Err("--profile tells its times as text only".to_owned());
    }
    if args.has("all-actions") && own("save-dotfile").is_none() {
        return Err("--all-actions says what --save-dotfile draws: name a file with it".to_owned());
    }
    let operations =
        |name: &str| args.values(name).iter().map(|o| OpSpec::parse(o)).collect::<Result<Vec<_>, _>>();
    let injections = Injections {
        quorum: own("quorum"),
        watchdog: own("watchdog"),
        nodes_up: args.values("node-up"),
        nodes_down: args.values("node-down"),
        nodes_fail: args.values("node-fail"),
        grant: args.values("ticket-grant"),
        revoke: args.values("ticket-revoke"),
        standby: args.values("ticket-standby"),
        activate: args.values("ticket-activate"),
        operations: operations("op-inject")?,
    };
    let simulate = args.has("simulate") || in_place;
    let to_fail = operations("op-fail")?;
    for (option, given) in
        [("--save-output", own("save-output").is_some()), ("--op-fail", !to_fail.is_empty())]
    {
        if given && !simulate {
            return Err(format!("{option} needs a transition that is carried out: add --simulate"));
        }
    }
    let request = Request {
        now: 0,
        set_datetime: own("set-datetime"),
        simulate,
        plan: args.has("run"),
        show_scores: args.has("show-scores"),
        show_utilization: args.has("show-utilization"),
        graph: args.has("save-graph"),
        dot: args.has("save-dotfile"),
        all_actions: args.has("all-actions"),
        injections,
        to_fail,
    };
    Ok(Some(Asked {
        source,
        profile,
        request,
        in_place,
        quiet: args.has("quiet"),
        verbose: args.has("verbose"),
        show_attrs: args.has("show-attrs"),
        show_failcounts: args.has("show-failcounts"),
        xml,
        to: own("output-to").filter(|path| path != "-"),
        input: own("save-input"),
        output: own("save-output"),
        graph: own("save-graph"),
        dot: own("save-dotfile"),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> Result<Asked, String> {
        parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).map(Option::unwrap)
    }

    #[test]
    fn short_and_long_ask_for_the_same() {
        let short = asked("-Ssx a -u n1 -u n2 -d n3 -q0 -r T -F a_stop_0@n1=1").unwrap();
        let long = asked(
            "--simulate --show-scores --xml-file=a --node-up n1 --node-up=n2 --node-down=n3 --quorum=0 \
             --ticket-revoke T --op-fail a_stop_0@n1=1",
        )
        .unwrap();
        assert_eq!(format!("{short:?}"), format!("{long:?}"));
        assert_eq!(short.request.injections.nodes_up, ["n1", "n2"]);
        assert_eq!(asked("-LS").unwrap().source, Source::Live);
        assert_eq!(asked("-S").unwrap().source, Source::Live);
        assert_eq!(asked("-x - -S").unwrap().source, Source::Stdin);
        let profile = asked("-P dir -N 3").unwrap().profile;
        assert_eq!(profile, Some(Profile { folder: "dir".to_owned(), repeat: 3 }));
    }

    #[test]
    fn mistakes_are_named() {
        for (line, part) in [
            ("--nonsense", "--nonsense"),
            ("-x a -L", "only one of"),
            ("-X", "--xml-file"),
            ("-x a -O b", "--simulate"),
            ("-x a -R -F a_stop_0@n1=1", "--simulate"),
            ("-x a -a", "--save-dotfile"),
            ("-x a --output-as=html", "html"),
            ("-P a --output-as=xml", "as text"),
            ("-P a -N 0", "from 1 on"),
            ("-x a -N 3", "--profile"),
            ("-x a -i nonsense", "nonsense"),
            ("-x a more", "more"),
            ("-x", "-x"),
        ] {
            let error = asked(line).unwrap_err();
            assert!(error.contains(part), "{line}: {error}");
        }
    }
}
