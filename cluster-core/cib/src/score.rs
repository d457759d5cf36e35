//! Scores: integers between minus and plus infinity, where infinity is a million.

use std::fmt;
use std::ops::{Add, AddAssign, Neg};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Score(pub i32);

impl Score {
    pub const INFINITY: Score = Score(1_000_000);
    pub const MINUS_INFINITY: Score = Score(-1_000_000);
    pub const ZERO: Score = Score(0);

    /// Integers (clamped), `INFINITY`, `+INFINITY`, `-INFINITY`. The health words (`red`, `green`,
    /// `yellow`) depend on options and are not scores here.
    pub fn parse(text: &str) -> Option<Score> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("INFINITY") || text.eq_ignore_ascii_case("+INFINITY") {
            return Some(Score::INFINITY);
        }
        if text.eq_ignore_ascii_case("-INFINITY") {
            return Some(Score::MINUS_INFINITY);
        }
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        // More digits than an i64 holds are beyond infinity anyway.
        let size = digits.parse::<i64>().unwrap_or(i64::MAX);
        Some(Score::clamped(if text.starts_with('-') { -size } else { size }))
    }

    pub fn clamped(value: i64) -> Score {
        // Within a million, so it fits.
        Score(value.clamp(-1_000_000, 1_000_000) as i32)
    }

    pub fn is_infinite(self) -> bool {
        self >= Score::INFINITY || self <= Score::MINUS_INFINITY
    }
}

/// Minus infinity beats plus infinity, which beats numbers; numbers are clamped.
impl Add for Score {
    type Output = Score;

    fn add(self, other: Score) -> Score {
        if self <= Score::MINUS_INFINITY || other <= Score::MINUS_INFINITY {
            Score::MINUS_INFINITY
        } else if self >= Score::INFINITY || other >= Score::INFINITY {
            Score::INFINITY
        } else {
            Score::clamped(i64::from(self.0) + i64::from(other.0))
        }
    }
}

impl AddAssign for Score {
    fn add_assign(&mut self, other: Score) {
        *self = *self + other;
    }
}

impl Neg for Score {
    type Output = Score;

    fn neg(self) -> Score {
        Score(-self.0)
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            s if s >= Score::INFINITY => f.write_str("INFINITY"),
            s if s <= Score::MINUS_INFINITY => f.write_str("-INFINITY"),
            s => write!(f, "{}", s.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parsing() {
        for (text, score) in [
            ("5", 5),
            ("-7", -7),
            ("+3", 3),
            ("INFINITY", 1_000_000),
            ("-INFINITY", -1_000_000),
            ("99999999999999999999", 1_000_000),
            ("-2000000", -1_000_000),
        ] {
            assert_eq!(Score::parse(text), Some(Score(score)), "{text}");
        }
        for text in ["", "x", "1.5", "--1", "INF", "1 2"] {
            assert_eq!(Score::parse(text), None, "{text}");
        }
    }

    #[test]
    fn adding() {
        let s = Score;
        assert_eq!(Score::INFINITY + Score::MINUS_INFINITY, Score::MINUS_INFINITY);
        assert_eq!(Score::INFINITY + s(-5), Score::INFINITY);
        assert_eq!(s(999_999) + s(999_999), Score::INFINITY);
        assert_eq!(s(2) + s(-3), s(-1));
        assert_eq!(Score::INFINITY.to_string(), "INFINITY");
    }
}
