//! `simulate -x FILE [-S] [-R] [-s] [-Q] [-G FILE] [-t TIME]`: crm_simulate's flags on our scheduler.

use rhapsody_scheduler::simulate::{Request, simulate};
use std::process::ExitCode;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("Error: {text}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let now =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_secs() as i64);
    let mut request = Request { now, ..Request::default() };
    let (mut file, mut graph) = (None, None);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} needs a value"));
        match arg.as_str() {
            "-x" => file = Some(value()?),
            "-G" => graph = Some(value()?),
            "-t" => request.set_datetime = Some(value()?),
            "-S" => request.simulate = true,
            "-R" => request.plan = true,
            "-s" => request.show_scores = true,
            "-Q" => request.quiet = true,
            other => return Err(format!("unknown argument {other}")),
        }
    }
    let file = file.ok_or("-x FILE is missing")?;
    request.graph = graph.is_some();
    let text = std::fs::read_to_string(&file).map_err(|e| format!("{file}: {e}"))?;
    let doc = rhapsody_xml::Document::from_string(text).map_err(|e| format!("{file}: {e:?}"))?;
    let answer = simulate(&doc, &request)?;
    print!("{}", answer.text);
    if let (Some(path), Some(xml)) = (graph, answer.graph) {
        std::fs::write(&path, xml).map_err(|e| format!("{path}: {e}"))?;
    }
    Ok(())
}
