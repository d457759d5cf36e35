//! Broken files. A second in `cargo test`; RHAPSODY_FUZZ_SECONDS=N for N.

use rhapsody_conf::Conf;
use std::time::{Duration, Instant};

const SEED: &str = "# c\ntotem {\n version: 2\n token: 1000\n interface {\n  linknumber: 0\n  mcastport: 5405\n }\n}\n\
nodelist {\n node {\n  ring0_addr: a\n  name: a\n  nodeid: 1\n }\n}\nquorum {\n provider: corosync_votequorum\n \
two_node: 1\n device {\n  model: net\n  net {\n   host: q\n  }\n }\n}\n";

fn next(state: &mut u64) -> usize {
    *state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
    (*state >> 33) as usize
}

#[test]
fn broken_bytes() {
    let seconds = std::env::var("RHAPSODY_FUZZ_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(1);
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut seed = 0;
    while Instant::now() < end {
        seed += 1;
        let mut state = seed;
        let mut bytes = SEED.as_bytes().to_vec();
        for _ in 0..1 + next(&mut state) % 6 {
            let at = next(&mut state) % bytes.len();
            match next(&mut state) % 4 {
                0 => bytes[at] = next(&mut state) as u8,
                1 => bytes.insert(at, b"{}:#\n 0-\r\0"[next(&mut state) % 10]),
                2 => {
                    let line = bytes[at..].split(|b| *b == b'\n').next().unwrap_or(b"").to_vec();
                    bytes.splice(at..at, line);
                }
                _ => {
                    bytes.remove(at);
                    bytes.push(b'\n');
                }
            }
        }
        let text = String::from_utf8_lossy(&bytes);
        let Ok(mut conf) = Conf::parse(&text) else { continue };
        conf.check();
        conf.settings();
        conf.set("totem", "token", "5");
        conf.root_mut().add_section("nodelist").add_section("node").set("name", "x");
        let again = Conf::parse(&conf.to_text()).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
        assert_eq!(again.get("totem", "token"), Some("5"), "seed {seed}");
    }
}
