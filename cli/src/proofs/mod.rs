//! What holds for every command: proved with many of them, in this process and in memory.

mod dry_runs;
mod keeps;
mod random;
mod round_trip;

use crate::agents_dir::RecordedAgents;
use crate::commands::batch;
use crate::context::Context;
use crate::options::Options;
use crate::target::Target;
use crate::target_file::FileTarget;
use rhapsody_cib::Cib;

/// A CIB with something of everything.
const RICH: &str = include_str!("rich.xml");

/// Runs commands on a CIB that is never written.
struct Runner {
    context: Context,
}

impl Runner {
    fn new(cib: Cib) -> Runner {
        let agents = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/agents");
        let mut context = Context::new(Options::default());
        // Commands see that they are on a file.
        context.options.set("-f", Some("cib.xml"));
        let agents = Box::new(RecordedAgents::open(agents.into()));
        context.target = Some(Target::File(Box::new(FileTarget::in_memory(cib, agents))));
        Runner { context }
    }

    fn rich() -> Runner {
        Runner::new(Cib::parse(RICH).unwrap())
    }

    /// What the command printed; the failure is told on stderr, which tests do not show.
    fn run(&mut self, words: &[String]) -> Result<String, ()> {
        let done = batch::command(&mut self.context, words.to_vec());
        let printed = self.context.take_out();
        match done {
            Ok(()) => Ok(printed),
            Err(failure) => {
                failure.tell();
                Err(())
            }
        }
    }

    /// A line of words without quotes.
    fn line(&mut self, line: &str) -> Result<String, ()> {
        self.run(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    fn cib(&self) -> &Cib {
        let (_, now) = self.context.held().expect("the CIB is in memory");
        now
    }

    fn text(&self) -> String {
        self.cib().to_xml()
    }
}

/// Does the real validator of schemas take this? None where it is not installed.
fn crm_verify(cib: &Cib) -> Option<Result<(), String>> {
    let file = std::env::temp_dir().join(format!(
        "rhapsody-verify-{}-{:?}.xml",
        std::process::id(),
        std::thread::current().id()
    ));
    std::fs::write(&file, cib.to_xml()).unwrap();
    let out = std::process::Command::new("crm_verify").arg("-V").arg("-x").arg(&file).output();
    std::fs::remove_file(&file).unwrap();
    let told = String::from_utf8_lossy(&out.ok()?.stderr).into_owned();
    // Everything else that it says is about the sense of a configuration, not about its form.
    let bad = told.contains("schema validation")
        || told.contains("validity error")
        || told.contains("parser error");
    Some(if bad { Err(told) } else { Ok(()) })
}
