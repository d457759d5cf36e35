//! Rows of figures: ours, the peer's, their ratio, what was wanted.

use std::fmt;

/// One measured thing.
struct Row {
    what: String,
    unit: &'static str,
    ours: Vec<f64>,
    peer: Vec<f64>,
    /// The peer was stopped: it needs more than `peer` says.
    stopped: bool,
    wanted: &'static str,
}

#[derive(Default)]
pub struct Table {
    rows: Vec<Row>,
}

impl Table {
    pub fn add(
        &mut self,
        what: &str,
        unit: &'static str,
        wanted: &'static str,
        ours: Vec<f64>,
        peer: Vec<f64>,
    ) {
        self.rows.push(Row { what: what.to_owned(), unit, ours, peer, stopped: false, wanted });
    }

    /// The peer of the last row did not come to its end.
    pub fn peer_was_stopped(&mut self) {
        if let Some(row) = self.rows.last_mut() {
            row.stopped = true;
        }
    }
}

/// Median, lowest and highest; `-` where nothing was measured.
fn figures(values: &[f64], unit: &str) -> String {
    let Some(middle) = median(values) else { return "-".to_owned() };
    let digits = if middle < 10.0 { 2 } else { 1 };
    if let [only] = values {
        return format!("{only:.digits$} {unit}");
    }
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    format!("{middle:.digits$} {unit} ({low:.digits$}-{high:.digits$}, n={})", values.len())
}

pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| what | ours | the peer | ours / peer | wanted |")?;
        writeln!(f, "|---|---|---|---|---|")?;
        for row in &self.rows {
            let ratio = match (median(&row.ours), median(&row.peer)) {
                (Some(ours), Some(peer)) if peer > 0.0 => {
                    format!("{}{:.4}", if row.stopped { "< " } else { "" }, ours / peer)
                }
                _ => "-".to_owned(),
            };
            let (ours, peer) = (figures(&row.ours, row.unit), figures(&row.peer, row.unit));
            let more = if row.stopped { "> " } else { "" };
            writeln!(f, "| {} | {ours} | {more}{peer} | {ratio} | {} |", row.what, row.wanted)?;
        }
        Ok(())
    }
}
