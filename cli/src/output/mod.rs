//! Answers as text, JSON or commands; reports as lines on stderr.

pub mod reports;
