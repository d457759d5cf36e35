//! Words for numbers: OCF exit codes, execution states, times, intervals.

use jiff::{Timestamp, tz::TimeZone};

/// What an OCF exit code means, as crm_mon words it.
pub fn ocf_exit(rc: i32) -> &'static str {
    match rc {
        0 => "ok",
        1 => "error",
        2 => "invalid parameter",
        3 => "unimplemented feature",
        4 => "insufficient privileges",
        5 => "not installed",
        6 => "not configured",
        7 => "not running",
        8 => "promoted",
        9 => "promoted (failed)",
        190 => "OCF_DEGRADED",
        191 => "promoted (degraded)",
        193 => "unknown",
        _ => "unknown",
    }
}

/// The same in the words of Pacemaker 3.0, which has one list for agents and programs.
pub fn exit(rc: i32) -> &'static str {
    match rc {
        0 => "OK",
        1 => "Error occurred",
        2 => "Invalid parameter",
        3 => "Unimplemented",
        4 => "Insufficient privileges",
        5 => "Not installed",
        6 => "Not configured",
        7 => "Not running",
        8 => "Promoted",
        9 => "Failed in promoted role",
        190 => "Service is active but might fail soon",
        191 => "Service is promoted but might fail soon",
        193 => "No exit status available",
        _ => "Unknown exit status",
    }
}

/// How far an execution came (`op-status` of the history).
pub fn execution(status: i32) -> &'static str {
    match status {
        -1 => "pending",
        0 => "complete",
        1 => "Cancelled",
        2 => "Timed Out",
        3 => "NOT SUPPORTED",
        4 => "Error",
        5 => "Hard error",
        6 => "Fatal error",
        7 => "Not installed",
        8 => "Internal communication failure",
        9 => "No executor connection",
        10 => "Cannot execute now",
        11 => "Invalid contents",
        12 => "No fence device",
        _ => "UNKNOWN!",
    }
}

/// `Fri Nov 20 21:33:31 2026` in the local zone.
pub fn date(epoch: i64) -> String {
    match Timestamp::from_second(epoch) {
        Ok(at) => at.to_zoned(TimeZone::system()).strftime("%a %b %e %H:%M:%S %Y").to_string(),
        Err(_) => epoch.to_string(),
    }
}

/// `2026-11-20 21:33:31Z`; local time with its offset where that is not UTC.
pub fn iso_date(epoch: i64) -> String {
    match Timestamp::from_second(epoch) {
        Ok(at) => {
            let zoned = at.to_zoned(TimeZone::system());
            if zoned.offset().seconds() == 0 {
                zoned.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
            } else {
                zoned.strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
            }
        }
        Err(_) => epoch.to_string(),
    }
}

/// `30.160s`, `1m40s`, `60m`. As crm_mon writes it: a unit is used above its length only, so a
/// minute is `60s` and a second `1000ms`.
pub fn interval(ms: u64) -> String {
    const SECOND: u64 = 1000;
    const MINUTE: u64 = 60 * SECOND;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    let mut left = ms;
    let mut text = String::new();
    for (unit, letter) in [(DAY, 'd'), (HOUR, 'h'), (MINUTE, 'm')] {
        if left > unit {
            text.push_str(&format!("{}{letter}", left / unit));
            left %= unit;
        }
    }
    let (seconds, rest) = (left / SECOND, left % SECOND);
    if left > SECOND && rest == 0 {
        text.push_str(&format!("{seconds}s"));
    } else if left > SECOND {
        text.push_str(&format!("{seconds}.{rest:03}s"));
    } else if left > 0 || text.is_empty() {
        text.push_str(&format!("{left}ms"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_read_as_those_of_crm_mon() {
        for (ms, text) in [
            (500, "500ms"),
            (1000, "1000ms"),
            (1500, "1.500s"),
            (10_000, "10s"),
            (60_000, "60s"),
            (61_000, "1m1000ms"),
            (100_500, "1m40.500s"),
            (3_600_000, "60m"),
            (86_400_000, "24h"),
            (90_061_001, "1d1h1m1.001s"),
        ] {
            assert_eq!(interval(ms), text);
        }
    }
}
