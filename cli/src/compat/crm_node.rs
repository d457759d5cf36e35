//! `crm_node`: names, ids, members.

use super::args::{Arg, Args, Opt};
use super::exit::{Exit, Outcome, Problem};
use super::store::{Store, unexpected};
use rhapsody_api::core::{Member, Request, Response};

const OPTIONS: &[Opt] = &[
    ('\0', "output-as", Arg::Yes),
    ('\0', "output-to", Arg::Yes),
    ('i', "cluster-id", Arg::No),
    ('l', "list", Arg::No),
    ('n', "name", Arg::No),
    ('p', "partition", Arg::No),
    ('q', "quorum", Arg::No),
    ('N', "name-for-id", Arg::Yes),
    ('R', "remove", Arg::Yes),
    ('f', "force", Arg::No),
    ('V', "verbose", Arg::No),
    ('Q', "quiet", Arg::No),
    ('h', "help", Arg::No),
    ('$', "version", Arg::No),
];

pub fn run(words: &[String]) -> Outcome {
    const USAGE: &str = "Usage: crm_node -n | -i | -l | -p | -q | -N ID";
    let args = Args::parse(OPTIONS, words)?;
    if args.has("help") {
        say!("{USAGE}");
        return Ok(Exit::Ok);
    }
    if args.has("remove") {
        return Err(Problem::not_there_yet("-R/--remove"));
    }
    // Called by an agent, the name is known without asking.
    if args.has("name") {
        say!("{}", Store::open("crm_node")?.local_node()?);
        return Ok(Exit::Ok);
    }
    let mut store = Store::open("crm_node")?;
    if args.has("quorum") {
        return match store.request(Request::Quorum)? {
            Response::Quorum(quorum) => {
                say!("{}", u8::from(quorum.quorate));
                Ok(Exit::Ok)
            }
            other => Err(unexpected(&other)),
        };
    }
    if !["cluster-id", "list", "partition", "name-for-id"].iter().any(|name| args.has(name)) {
        return Err(Problem::usage(USAGE));
    }
    let local = store.local_node()?;
    let mut members = members(&mut store)?;
    members.sort_by_key(|m| m.id);
    // `-l -p` together is what an agent of RabbitMQ asks for.
    if args.has("list") {
        for m in &members {
            say!("{} {} {}", m.id, m.name, if m.online { "member" } else { "lost" });
        }
    }
    if args.has("partition") {
        let names: Vec<&str> = members.iter().filter(|m| m.online).map(|m| m.name.as_str()).collect();
        say!("{} ", names.join(" "));
    }
    if args.has("cluster-id") {
        let me = members.iter().find(|m| m.name == local);
        say!("{}", me.ok_or_else(|| Problem::new(Exit::NoHost, format!("no node '{local}'")))?.id);
    }
    if let Some(id) = args.value("name-for-id") {
        let named = members.iter().find(|m| m.id.to_string() == id);
        say!("{}", named.ok_or_else(|| Problem::new(Exit::NoHost, format!("Node {id} is not known")))?.name);
    }
    Ok(Exit::Ok)
}

fn members(store: &mut Store) -> Result<Vec<Member>, Problem> {
    match store.request(Request::Members)? {
        Response::Members { members, .. } => Ok(members),
        other => Err(unexpected(&other)),
    }
}
