//! Repeated failed logins from one address as one user wait longer and longer.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Failures without any delay: people mistype.
const FREE_FAILURES: u32 = 3;
const DELAY_FIRST: Duration = Duration::from_millis(500);
const DELAY_MAX: Duration = Duration::from_secs(16);
/// A failure is forgotten after this long.
const MEMORY: Duration = Duration::from_secs(600);
/// Attempts of one (address, user) that may wait at a time.
const WAITING_MAX: u32 = 4;
/// Pairs remembered; the oldest makes room.
const ENTRIES_MAX: usize = 4096;

type Key = (String, String);

#[derive(Default)]
pub struct Throttle {
    entries: Arc<Mutex<HashMap<Key, Entry>>>,
}

struct Entry {
    failures: u32,
    waiting: u32,
    last: Instant,
}

/// One attempt that may go on after its delay.
pub struct Turn {
    entries: Arc<Mutex<HashMap<Key, Entry>>>,
    key: Key,
    delay: Duration,
    accepted: bool,
}

fn lock(entries: &Mutex<HashMap<Key, Entry>>) -> MutexGuard<'_, HashMap<Key, Entry>> {
    // A panic while it was held leaves a map that is still a map.
    entries.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Throttle {
    /// `None`: too many are waiting already.
    pub fn enter(&self, address: &str, user: &str) -> Option<Turn> {
        let now = Instant::now();
        // A host has a whole /64 to choose from.
        let address = match address.parse::<IpAddr>() {
            Ok(IpAddr::V6(address)) => {
                let bits = address.to_bits();
                address.to_ipv4_mapped().map_or_else(
                    || Ipv6Addr::from_bits(bits & !((1 << 64) - 1)).to_string(),
                    |v4| v4.to_string(),
                )
            }
            _ => address.to_owned(),
        };
        let key = (address, user.chars().take(64).collect::<String>());
        let mut entries = lock(&self.entries);
        if entries.len() >= ENTRIES_MAX && !entries.contains_key(&key) {
            entries.retain(|_, entry| entry.waiting > 0 || now - entry.last < MEMORY);
            if entries.len() >= ENTRIES_MAX {
                let oldest = entries
                    .iter()
                    .filter(|(_, entry)| entry.waiting == 0)
                    .min_by_key(|(_, entry)| entry.last)
                    .map(|(key, _)| key.clone())?;
                entries.remove(&oldest);
            }
        }
        let entry = entries.entry(key.clone()).or_insert(Entry { failures: 0, waiting: 0, last: now });
        if entry.waiting >= WAITING_MAX {
            return None;
        }
        if now - entry.last >= MEMORY {
            entry.failures = 0;
        }
        entry.waiting += 1;
        let delay = match entry.failures.checked_sub(FREE_FAILURES) {
            None => Duration::ZERO,
            Some(more) => DELAY_MAX.min(DELAY_FIRST * 2u32.pow(more.min(10))),
        };
        drop(entries);
        Some(Turn { entries: self.entries.clone(), key, delay, accepted: false })
    }
}

impl Turn {
    pub fn delay(&self) -> Duration {
        self.delay
    }

    pub fn done(mut self, accepted: bool) {
        self.accepted = accepted;
    }
}

impl Drop for Turn {
    /// A client that hangs up early has failed as well.
    fn drop(&mut self) {
        let mut entries = lock(&self.entries);
        let Some(entry) = entries.get_mut(&self.key) else { return };
        entry.waiting -= 1;
        entry.last = Instant::now();
        if self.accepted {
            entry.failures = 0;
        } else {
            entry.failures = entry.failures.saturating_add(1);
        }
        if entry.failures == 0 && entry.waiting == 0 {
            entries.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_wait_longer_and_success_forgets() {
        let throttle = Throttle::default();
        let mut delays = Vec::new();
        for _ in 0..12 {
            let turn = throttle.enter("192.0.2.1", "joe").unwrap();
            delays.push(turn.delay().as_millis());
            turn.done(false);
        }
        assert_eq!(delays[..7], [0, 0, 0, 500, 1000, 2000, 4000]);
        assert_eq!(delays[11], 16000);
        assert_eq!(throttle.enter("192.0.2.2", "joe").unwrap().delay(), Duration::ZERO);
        assert_eq!(throttle.enter("192.0.2.1", "ann").unwrap().delay(), Duration::ZERO);
        throttle.enter("192.0.2.1", "joe").unwrap().done(true);
        assert_eq!(throttle.enter("192.0.2.1", "joe").unwrap().delay(), Duration::ZERO);
    }

    #[test]
    fn memory_and_waiting_are_bounded() {
        let throttle = Throttle::default();
        let turns: Vec<_> = (0..4).map(|_| throttle.enter("a", "joe").unwrap()).collect();
        assert!(throttle.enter("a", "joe").is_none());
        drop(turns);
        for number in 0..ENTRIES_MAX * 2 {
            throttle.enter(&format!("h{number}"), "joe").unwrap().done(false);
        }
        assert!(lock(&throttle.entries).len() <= ENTRIES_MAX);
    }

    #[test]
    fn one_ipv6_network_is_one_address() {
        let throttle = Throttle::default();
        for host in 1..=4 {
            throttle.enter(&format!("2001:db8::{host}"), "joe").unwrap().done(false);
        }
        assert!(throttle.enter("2001:db8::99", "joe").unwrap().delay() > Duration::ZERO);
        assert!(throttle.enter("2001:db8:1::99", "joe").unwrap().delay() == Duration::ZERO);
    }
}
