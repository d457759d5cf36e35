//! Work that may take long: writing the configuration, scheduling, writing the journal. Each on a
//! thread of its own, so that a hung disk delays neither membership nor the next transition.

use super::Happened;
use crate::log;
use crate::store::cib::Store;
use crate::store::journal::Writer;
use crate::store::transitions::Inputs;
use rhapsody_api::core::Event;
use rhapsody_client::Paths;
use rhapsody_node::{Cib, Document};
use rhapsody_transition::Transition;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

/// Lines that wait for a slow disk; more are lost to the file (not to those who listen).
const LINES_MAX: usize = 4096;
/// Inputs of transitions that wait to be compressed; more are lost.
const INPUTS_WAITING: usize = 4;
/// A scheduler run on a deep configuration may need more than a small thread has.
const SCHEDULER_STACK_BYTES: usize = 8 << 20;
const STACK_BYTES: usize = 512 << 10;

pub struct Workers {
    persist: Sender<Persist>,
    schedule: Sender<Schedule>,
    journal: SyncSender<Event>,
}

enum Persist {
    Write { seq: u64, document: Document },
    Loser { origin: String, document: Document },
}

struct Schedule {
    request: u64,
    cib: Box<Cib>,
    now: i64,
}

impl Workers {
    pub fn start(paths: &Paths, store: Store, to_loop: &SyncSender<Happened>) -> std::io::Result<Workers> {
        let (persist, waiting) = channel();
        let answers = to_loop.clone();
        spawn("persist", STACK_BYTES, move || write_configurations(store, &waiting, &answers))?;
        let (schedule, waiting) = channel();
        let (keep, to_keep) = sync_channel(INPUTS_WAITING);
        let mut inputs = Inputs::open(&paths.transitions());
        spawn("inputs", STACK_BYTES, move || to_keep.iter().for_each(|cib: String| inputs.keep(&cib)))?;
        let answers = to_loop.clone();
        spawn("scheduler", SCHEDULER_STACK_BYTES, move || run_schedules(&keep, &waiting, &answers))?;
        let (journal, waiting) = sync_channel(LINES_MAX);
        let writer = Writer::open(&paths.journal());
        spawn("journal", STACK_BYTES, move || write_lines(writer, &waiting))?;
        Ok(Workers { persist, schedule, journal })
    }

    pub fn persist(&self, seq: u64, document: Document) {
        let _ = self.persist.send(Persist::Write { seq, document });
    }

    pub fn keep_loser(&self, origin: String, document: Document) {
        let _ = self.persist.send(Persist::Loser { origin, document });
    }

    pub fn schedule(&self, request: u64, cib: Box<Cib>, now: i64) {
        let _ = self.schedule.send(Schedule { request, cib, now });
    }

    pub fn write_line(&self, event: Event) {
        let _ = self.journal.try_send(event);
    }
}

fn spawn(name: &str, stack: usize, work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    thread::Builder::new().name(name.to_owned()).stack_size(stack).spawn(work).map(|_| ())
}

fn write_configurations(mut store: Store, waiting: &Receiver<Persist>, to_loop: &SyncSender<Happened>) {
    while let Ok(first) = waiting.recv() {
        // While one was written others may have come: only the last of them matters.
        let mut newest: Option<(Vec<u64>, Document)> = None;
        for order in std::iter::once(first).chain(waiting.try_iter()) {
            match order {
                Persist::Write { seq, document } => {
                    let mut seqs = newest.take().map_or_else(Vec::new, |(seqs, _)| seqs);
                    seqs.push(seq);
                    newest = Some((seqs, document));
                }
                Persist::Loser { origin, document } => match store.keep_loser(&origin, &document) {
                    Ok(name) => {
                        log::warning(format!("configuration of {origin} lost in a merge; kept as {name}"))
                    }
                    Err(error) => log::error(format!("cannot keep the configuration of {origin}: {error:#}")),
                },
            }
        }
        let Some((seqs, document)) = newest else { continue };
        let result = store.write(&document).map_err(|error| format!("{error:#}"));
        if let Err(error) = &result {
            log::error(format!("the configuration is not on disk: {error}"));
        }
        for seq in seqs {
            if to_loop.send(Happened::Persisted { seq, result: result.clone() }).is_err() {
                return;
            }
        }
    }
}

fn run_schedules(inputs: &SyncSender<String>, waiting: &Receiver<Schedule>, to_loop: &SyncSender<Happened>) {
    while let Ok(Schedule { request, mut cib, now }) = waiting.recv() {
        let planned = catch_unwind(AssertUnwindSafe(|| plan(&cib, now)));
        let transition =
            planned.unwrap_or_else(|_| Err("the scheduler failed on this configuration".to_owned()));
        let keep = transition.as_ref().map_or(true, |transition| !transition.actions.is_empty());
        if to_loop.send(Happened::Scheduled { request, transition }).is_err() {
            return;
        }
        if keep {
            // So that a replay decides by the same clock.
            let root = cib.root();
            cib.set_attr(root, "execution-date", &now.to_string());
            let _ = inputs.try_send(cib.to_xml());
        }
    }
}

fn plan(cib: &Cib, now: i64) -> Result<Box<Transition>, String> {
    let options = rhapsody_scheduler::Options { now, ..rhapsody_scheduler::Options::default() };
    Ok(Box::new(rhapsody_scheduler::schedule(cib, &options).transition))
}

fn write_lines(mut writer: Writer, waiting: &Receiver<Event>) {
    let mut failed = false;
    while let Ok(event) = waiting.recv() {
        let result = writer.write(&event);
        if let (Err(error), false) = (&result, failed) {
            log::error(format!("the journal cannot be written: {error}"));
        }
        failed = result.is_err();
    }
}
