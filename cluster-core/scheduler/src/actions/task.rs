//! Names of tasks, interned: comparing two of them is comparing two numbers.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Task(pub u16);

macro_rules! tasks {
    ($($name:ident = $text:literal,)*) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        #[repr(u16)]
        enum Known { $($name,)* }
        impl Task { $(pub const $name: Task = Task(Known::$name as u16);)* }
        const KNOWN: &[&str] = &[$($text,)*];
    };
}

tasks! {
    MONITOR = "monitor",
    STOP = "stop",
    STOPPED = "stopped",
    START = "start",
    RUNNING = "running",
    PROMOTE = "promote",
    PROMOTED = "promoted",
    DEMOTE = "demote",
    DEMOTED = "demoted",
    NOTIFY = "notify",
    NOTIFIED = "notified",
    MIGRATE_TO = "migrate_to",
    MIGRATE_FROM = "migrate_from",
    DELETE = "delete",
    LRM_DELETE = "lrm_delete",
    CANCEL = "cancel",
    RELOAD_AGENT = "reload-agent",
    CLEAR_FAILCOUNT = "clear_failcount",
    STONITH = "stonith",
    DO_SHUTDOWN = "do_shutdown",
}

impl Task {
    /// `start` -> `running` and so on; itself where there is no such pair.
    pub fn completed(self) -> Task {
        match self {
            Task::START => Task::RUNNING,
            Task::STOP => Task::STOPPED,
            Task::PROMOTE => Task::PROMOTED,
            Task::DEMOTE => Task::DEMOTED,
            other => other,
        }
    }

    /// `running` -> `start`; the inverse of [`Task::completed`].
    pub fn base(self) -> Task {
        match self {
            Task::RUNNING => Task::START,
            Task::STOPPED => Task::STOP,
            Task::PROMOTED => Task::PROMOTE,
            Task::DEMOTED => Task::DEMOTE,
            other => other,
        }
    }
}

#[derive(Debug)]
pub struct Tasks {
    names: Vec<SmolStr>,
    index: FxHashMap<SmolStr, Task>,
}

impl Default for Tasks {
    fn default() -> Self {
        let names: Vec<SmolStr> = KNOWN.iter().map(|n| SmolStr::new_static(n)).collect();
        let index = names.iter().enumerate().map(|(i, n)| (n.clone(), Task(i as u16))).collect();
        Tasks { names, index }
    }
}

impl Tasks {
    pub fn name(&self, task: Task) -> &SmolStr {
        &self.names[task.0 as usize]
    }

    /// The number of a name; there are few of them, all from the operations of the configuration.
    pub fn intern(&mut self, name: &str) -> Task {
        if let Some(task) = self.index.get(name) {
            return *task;
        }
        let task = Task(self.names.len().min(u16::MAX as usize) as u16);
        self.names.push(name.into());
        self.index.insert(name.into(), task);
        task
    }
}
