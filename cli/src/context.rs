//! What a command has at hand: the options, the target, a place for its answer.

use crate::failure::Failure;
use crate::options::Options;
use crate::output::reports;
use crate::target::{Answer, Target};
use crate::target_live::LiveTarget;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::io::Write;

pub struct Context {
    pub options: Options,
    pub(crate) target: Option<Target>,
    /// Where a copy of the live CIB came from and is given back to; see [`crate::hold`].
    pub(crate) origin: Option<LiveTarget>,
    out: String,
}

impl Context {
    pub fn new(options: Options) -> Self {
        Context { options, target: None, origin: None, out: String::new() }
    }

    /// Where this command acts; decided once.
    pub fn target(&mut self) -> Result<&mut Target, Failure> {
        if self.target.is_none() {
            self.target = Some(Target::choose(&self.options)?);
        }
        self.target.as_mut().ok_or_else(|| Failure::message("no target"))
    }

    /// The CIB of a file, to be read; None where the cluster has to be asked.
    pub fn cib(&mut self) -> Result<Option<&rhapsody_cib::Cib>, Failure> {
        Ok(match self.target()? {
            Target::File(file) => Some(file.cib()),
            Target::Live(_) => None,
        })
    }

    /// Runs one operation, tells its reports and returns its result.
    pub fn run(&mut self, name: &str, request: &impl Serialize) -> Result<Value, Failure> {
        let answer = self.ask(name, request)?;
        let failed = !answer.done;
        reports::tell(&answer.reports, self.options.has("--debug"));
        if failed { Err(Failure::Told) } else { Ok(answer.result) }
    }

    /// As [`Context::run`] for what belongs to a node, also where a command acts on a file.
    pub fn run_on_node(&mut self, name: &str, params: Value) -> Result<Value, Failure> {
        let answer = LiveTarget::new(&self.options)?.run_command(name, params)?;
        reports::tell(&answer.reports, self.options.has("--debug"));
        if answer.done { Ok(answer.result) } else { Err(Failure::Told) }
    }

    /// Runs an operation that changes something; what `--wait` asks for goes along.
    pub fn change(&mut self, name: &str, request: &impl Serialize) -> Result<Value, Failure> {
        let answer = self.ask_waiting(name, request)?;
        reports::tell(&answer.reports, self.options.has("--debug"));
        if answer.done { Ok(answer.result) } else { Err(Failure::Told) }
    }

    /// The same, with the reports left to the caller.
    pub fn ask_waiting(&mut self, name: &str, request: &impl Serialize) -> Result<Answer, Failure> {
        let mut params = serde_json::to_value(request)
            .map_err(|error| Failure::Message(format!("the request '{name}' cannot be written: {error}")))?;
        if !self.target()?.is_file() {
            let wait = self.wait_seconds()?;
            if let (Some(seconds), Some(params)) = (wait, params.as_object_mut()) {
                let wait = if seconds == 0 { Value::Bool(true) } else { Value::from(seconds) };
                params.insert("wait".to_owned(), wait);
            }
        }
        self.ask(name, &params)
    }

    /// As [`Context::run`], with the result in its own type.
    pub fn get<T: DeserializeOwned>(&mut self, name: &str, request: &impl Serialize) -> Result<T, Failure> {
        let result = self.run(name, request)?;
        serde_json::from_value(result)
            .map_err(|error| Failure::Message(format!("the answer to '{name}' is not understood: {error}")))
    }

    /// Runs one operation and leaves the reports to the caller.
    pub fn ask(&mut self, name: &str, request: &impl Serialize) -> Result<Answer, Failure> {
        let params = serde_json::to_value(request)
            .map_err(|error| Failure::Message(format!("the request '{name}' cannot be written: {error}")))?;
        if let Some(answer) = self.ask_beyond_copy(name, &params) {
            return answer;
        }
        self.target()?.run_command(name, params)
    }

    /// Runs an operation that needs only the agents of this machine, not a cluster; with `--host` it
    /// is asked there.
    pub fn get_local<T: DeserializeOwned>(
        &mut self,
        name: &str,
        request: &impl Serialize,
    ) -> Result<T, Failure> {
        if self.target.is_none() && !self.options.has("--host") && !self.options.has("-f") {
            self.target = Some(Target::nowhere());
        }
        self.get(name, request)
    }

    /// `["FORCE"]` with `--force`, as pcs's commands take it.
    pub fn force_flags(&self) -> Vec<&'static str> {
        let mut flags = Vec::new();
        if self.options.force() {
            flags.push("FORCE");
        }
        if self.options.has("--skip-offline") {
            flags.push("SKIP_OFFLINE_NODES");
        }
        flags
    }

    /// Adds a line to stdout.
    pub fn line(&mut self, text: impl AsRef<str>) {
        self.out.push_str(text.as_ref());
        self.out.push('\n');
    }

    /// The lines that `print` would have added to stdout.
    pub fn captured(
        &mut self,
        print: impl FnOnce(&mut Context) -> crate::Done,
    ) -> Result<Vec<String>, Failure> {
        let before = std::mem::take(&mut self.out);
        let done = print(self);
        let printed = std::mem::replace(&mut self.out, before);
        done.map(|()| printed.lines().map(str::to_owned).collect())
    }

    /// Adds commands, one after the other, to stdout; nothing when there are none.
    pub fn commands(&mut self, commands: &[Vec<String>]) {
        if !commands.is_empty() {
            self.line(crate::output::cmd::join_commands(commands));
        }
    }

    /// Takes what has gathered.
    #[cfg(test)]
    pub fn take_out(&mut self) -> String {
        std::mem::take(&mut self.out)
    }

    /// Writes what has gathered; a reader that has gone away is nobody's error.
    pub fn flush(&mut self) -> Result<(), Failure> {
        let mut stdout = std::io::stdout();
        let written = stdout.write_all(self.out.as_bytes()).and_then(|()| stdout.flush());
        self.out.clear();
        match written {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                Err(Failure::Message(format!("unable to write the answer: {error}")))
            }
            _ => Ok(()),
        }
    }

    /// What `--wait` asks for, in seconds; 0 is "as long as it takes".
    pub fn wait_seconds(&self) -> Result<Option<u64>, Failure> {
        self.options.wait_seconds().map_err(Failure::Message)
    }

    /// `text` unless `--output-format` says otherwise.
    pub fn format(&self, allowed: &[&'static str]) -> Result<&'static str, Failure> {
        let Some(asked) = self.options.value("--output-format") else { return Ok("text") };
        allowed.iter().copied().find(|known| *known == asked).ok_or_else(|| {
            let known: Vec<String> = allowed.iter().map(|format| format!("'{format}'")).collect();
            Failure::Message(format!(
                "Unknown value '{asked}' for '--output-format' option. Supported values are: {}",
                known.join(", ")
            ))
        })
    }
}
