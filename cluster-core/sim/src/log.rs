//! What happened, for a reader at three in the morning. Kept only when somebody wants to read it.

#[derive(Debug, Default)]
pub struct Log {
    pub keep: bool,
    pub lines: Vec<String>,
}

/// Lines kept at most; a run that writes more is broken anyway.
const LINES_MAX: usize = 200_000;

impl Log {
    pub fn line(&mut self, now: u64, who: &str, what: impl FnOnce() -> String) {
        if self.keep && self.lines.len() < LINES_MAX {
            self.lines.push(format!("{:>7}.{:03} {who:<6} {}", now / 1000, now % 1000, what()));
        }
    }

    pub fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.lines)
    }
}
