//! `rhapsody simulate`: crm_simulate's flags on our own scheduler, for a CIB in a file or the live one.

mod options;
mod profile;

use crate::commands::status::model;
use crate::context::Context;
use crate::failure::Failure;
use crate::options::Options;
use options::{Asked, Source, USAGE};
use rhapsody_scheduler::model::Cluster;
use rhapsody_scheduler::simulate::{Request, Text, read_cib, simulate};
use rhapsody_status::{SimulationXml, Status};
use rhapsody_xml::Document;
use std::io::Read;

/// What crm_simulate says of a CIB that asks not to be checked.
const UNCHECKED: &str = "Schema validation of configuration is disabled (support for validate-with set to \
                         \"none\" is deprecated and will be removed in a future release)";

/// Runs crm_simulate's command line.
pub fn run(words: &[String]) -> u8 {
    let asked = match options::parse(words) {
        Ok(Some(asked)) => asked,
        Ok(None) => {
            say!("{USAGE}");
            return 0;
        }
        Err(text) => {
            eprintln!("Error: {text}\nHint: 'rhapsody simulate --help' shows the options there are");
            return 1;
        }
    };
    let done = match &asked.profile {
        Some(profile) => profile::run(profile).map(|()| true),
        None => perform(asked, words),
    };
    match done {
        Ok(true) => 0,
        Ok(false) => 1,
        Err(failure) => failure.tell(),
    }
}

/// False if the transition could not be carried out to its end.
fn perform(asked: Asked, words: &[String]) -> Result<bool, Failure> {
    let (name, xml) = read(&asked.source)?;
    let named = |e: String| Failure::Message(format!("{name}: {e}"));
    let doc = read_cib(xml).map_err(named)?;
    if doc.attr(doc.root(), "validate-with") == Some("none") {
        eprintln!("{UNCHECKED}");
    }
    let request = Request { now: model::now(), ..asked.request };
    let (text, answer) = if asked.xml {
        let line = format!("rhapsody simulate {}", words.join(" "));
        let mut out = SimulationXml::new(&line, request.show_scores, request.show_utilization)
            .with(asked.show_attrs, asked.show_failcounts);
        let answer = simulate(&doc, &request, &mut out).map_err(named)?;
        (out.finish(), answer)
    } else {
        let mut out = Text {
            quiet: asked.quiet,
            show_scores: request.show_scores,
            show_utilization: request.show_utilization,
            extra: match (asked.show_attrs, asked.show_failcounts) {
                (false, false) => None,
                (true, false) => Some(|doc, c| extra(doc, c, true, false)),
                (false, true) => Some(|doc, c| extra(doc, c, false, true)),
                (true, true) => Some(|doc, c| extra(doc, c, true, true)),
            },
            ..Text::default()
        };
        let answer = simulate(&doc, &request, &mut out).map_err(named)?;
        (out.text, answer)
    };
    for issue in answer.issues.iter().filter(|issue| asked.verbose && issue.is_error) {
        let about = issue.id.as_ref().filter(|id| !issue.text.contains(id.as_str()));
        let about = about.map_or(String::new(), |id| format!("'{id}': "));
        eprintln!("Configuration error: {about}{}", issue.text);
    }
    match &asked.to {
        Some(path) => write(path, &text)?,
        None => say_part!("{text}"),
    }
    let as_xml = |doc: &Document| doc.to_xml();
    if let Some(path) = &asked.input {
        write(path, &as_xml(answer.input.as_ref().unwrap_or(&doc)))?;
    }
    if let (Some(path), Some(graph)) = (&asked.graph, &answer.graph) {
        write(path, graph)?;
    }
    if let (Some(path), Some(dot)) = (&asked.dot, &answer.dot) {
        write(path, dot)?;
    }
    if let Some(after) = &answer.document {
        let in_place = match (&asked.source, asked.in_place) {
            (Source::File(path), true) => Some(path),
            _ => None,
        };
        for path in asked.output.iter().chain(in_place) {
            write(path, &as_xml(after))?;
        }
    }
    Ok(!answer.is_stuck)
}

/// The CIB and what to call it in a message.
fn read(source: &Source) -> Result<(String, String), Failure> {
    let bytes = match source {
        Source::Live => {
            let (options, _) = Options::parse(Vec::new()).map_err(Failure::Message)?;
            let text = model::live_text(&mut Context::new(options))?;
            return Ok(("the live CIB".to_owned(), text));
        }
        Source::File(path) => std::fs::read(path),
        Source::Stdin => {
            let mut bytes = Vec::new();
            std::io::stdin().read_to_end(&mut bytes).map(|_| bytes)
        }
    };
    let name = match source {
        Source::File(path) => path.as_str(),
        _ => "standard input",
    };
    let failed = |e: std::io::Error| Failure::Message(format!("cannot read {name}: {e}"));
    let text = unpack(bytes.map_err(failed)?).map_err(failed)?;
    Ok((name.to_owned(), text))
}

/// A CIB that grows beyond this when it is unpacked is none.
const UNPACKED_MAX: u64 = 1 << 30;

/// The text of a file that may be compressed as inputs of transitions are.
fn unpack(bytes: Vec<u8>) -> std::io::Result<String> {
    if !bytes.starts_with(b"BZh") {
        return String::from_utf8(bytes).map_err(|e| std::io::Error::other(format!("not UTF-8 text: {e}")));
    }
    let mut text = String::new();
    let mut unpacked = bzip2::read::BzDecoder::new(bytes.as_slice()).take(UNPACKED_MAX + 1);
    if unpacked.read_to_string(&mut text)? as u64 > UNPACKED_MAX {
        return Err(std::io::Error::other("more than a gigabyte when unpacked"));
    }
    Ok(text)
}

/// What `--show-attrs` and `--show-failcounts` add to a status.
fn extra(doc: &Document, cluster: &Cluster, attributes: bool, failcounts: bool) -> String {
    match rhapsody_cib::Cib::try_from(doc.clone()) {
        Ok(cib) => Status::of(&cib, cluster, cluster.now).extra_text(attributes, failcounts),
        // The simulation has read it as a CIB already.
        Err(_) => String::new(),
    }
}

fn write(path: &str, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|e| Failure::Message(format!("cannot write {path}: {e}")))
}
