//! Changes kept in memory: several commands, or a dry run, on one copy of the CIB.
//!
//! [`Context::hold`] turns the target into a copy (of the file, or of the live CIB); commands run on
//! it as ever. [`Context::commit`] writes the whole difference at once, or nothing is written.

use crate::context::Context;
use crate::failure::Failure;
use crate::target::{Answer, Target};
use crate::target_file::FileTarget;
use rhapsody_cib::Cib;
use serde_json::{Value, json};

/// What may be asked of the live cluster while its changes are held: nothing of it changes anything.
const QUESTIONS: &[&str] = &["rhapsody.core.members", "rhapsody.quorum.status", "rhapsody.status"];

impl Context {
    /// From here on nothing is written until [`Context::commit`].
    pub fn hold(&mut self) -> Result<(), Failure> {
        if let Target::File(file) = self.target()? {
            file.keep();
            return Ok(());
        }
        let answer = self.run("rhapsody.cluster.cib", &json!({}))?;
        let text = answer.as_str().ok_or_else(|| Failure::message("the answer is no CIB"))?;
        let copy = Target::File(Box::new(FileTarget::copy_of_live(text)?));
        if let Some(Target::Live(live)) = self.target.replace(copy) {
            self.origin = Some(live);
        }
        Ok(())
    }

    /// Questions of a command on a copy of the live CIB that the copy cannot answer.
    pub(crate) fn ask_beyond_copy(&mut self, name: &str, params: &Value) -> Option<Result<Answer, Failure>> {
        let Some(Target::File(copy)) = &self.target else { return None };
        if rhapsody_ops::permission(name).is_some() || !copy.is_copy_of_live() {
            return None;
        }
        if name == "rhapsody.cluster.cib" && params.get("scope").is_none() {
            let result = Value::from(copy.cib().to_xml());
            return Some(Ok(Answer { done: true, reports: Vec::new(), result }));
        }
        if !QUESTIONS.contains(&name) {
            let text = format!(
                "'{name}' acts on the cluster beyond its configuration: it cannot be tried or undone"
            );
            return Some(Err(Failure::Message(text)));
        }
        Some(self.origin.as_mut()?.run_command(name, params.clone()))
    }

    /// What there was when [`Context::hold`] was called, and what there is now.
    pub fn held(&self) -> Option<(&Cib, &Cib)> {
        match &self.target {
            Some(Target::File(file)) => Some((file.base.as_deref()?, file.cib())),
            _ => None,
        }
    }

    /// Anything but the version is different.
    pub fn has_changed(&self) -> bool {
        self.held().is_some_and(|(before, after)| {
            let mut after = after.clone();
            after.set_version(before.version());
            after.to_xml() != before.to_xml()
        })
    }

    /// Writes all changes at once; in a dry run nothing. True when there was something to write.
    pub fn commit(&mut self) -> Result<bool, Failure> {
        if !self.has_changed() {
            return Ok(false);
        }
        if self.options.has("--dry-run") {
            return Ok(true);
        }
        let wait = match self.wait_seconds()? {
            None => Value::Bool(false),
            Some(0) => Value::Bool(true),
            Some(seconds) => seconds.into(),
        };
        let force_flags = self.force_flags();
        let Some((before, after)) = self.held() else { return Ok(false) };
        let (before, after) = (before.to_xml(), after.to_xml());
        if let Some(mut live) = self.origin.take() {
            // Only the difference is pushed: what others changed meanwhile stays.
            let params =
                json!({"cib": after, "diff_against": before, "force_flags": force_flags, "wait": wait});
            let answer = live.run_command("rhapsody.cluster.cib_push", params);
            self.origin = Some(live);
            let answer = answer?;
            crate::output::reports::tell(&answer.reports, self.options.has("--debug"));
            return if answer.done { Ok(true) } else { Err(Failure::Told) };
        }
        match self.target()? {
            Target::File(file) => file.write(&after)?,
            Target::Live(_) => return Err(Failure::message("there is no copy to write")),
        }
        Ok(true)
    }
}
