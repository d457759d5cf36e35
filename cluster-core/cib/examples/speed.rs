//! How fast and how small: `cargo run --release -p rhapsody-cib --example speed -- CIB.xml`

use rhapsody_cib::{Cib, digest, patch};
use std::time::Instant;

/// Seconds this process was really computing: other programs on the machine do not count.
fn busy(since: Instant) -> f64 {
    let nanoseconds = std::fs::read_to_string("/proc/self/schedstat")
        .ok()
        .and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| since.elapsed().as_secs_f64(), |n| n / 1e9)
}

fn main() {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: speed CIB.xml");
        std::process::exit(1);
    };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("{path}: {error}");
            std::process::exit(1);
        }
    };
    let megabytes = text.len() as f64 / 1e6;
    let time = |what: &str, run: &mut dyn FnMut()| {
        let since = Instant::now();
        let start = busy(since);
        let mut rounds = 0;
        // The kernel's clock of a process is coarse: a fifth of a second makes it fine enough.
        while rounds < 3 || busy(since) - start < 0.2 {
            run();
            rounds += 1;
        }
        let each = (busy(since) - start) / f64::from(rounds);
        println!("{what:<10} {:>9.2} ms  {:>6.0} MB/s", each * 1e3, megabytes / each);
    };
    let cib = match Cib::parse(&text) {
        Ok(cib) => cib,
        Err(error) => {
            eprintln!("{path}: {error}");
            std::process::exit(1);
        }
    };
    let (mut elements, mut attrs) = (0usize, 0usize);
    for e in cib.descendants(cib.root()) {
        elements += 1;
        attrs += cib.attrs(e).count();
    }
    println!("{megabytes:.1} MB, {elements} elements, {attrs} attributes");
    let held = cib.memory();
    let per = |n: usize| held as f64 / n.max(1) as f64;
    println!(
        "{:.1} MB held: {:.1} bytes per attribute, {:.1} per element",
        held as f64 / 1e6,
        per(attrs),
        per(elements)
    );
    time("parse", &mut || drop(Cib::parse(&text)));
    time("write", &mut || drop(cib.to_xml()));
    time("compact", &mut || drop(cib.compact(cib.root())));
    time("clone", &mut || drop(cib.clone()));
    time("walk ids", &mut || {
        let ids = cib.descendants(cib.root()).filter_map(|e| cib.attr(e, "id"));
        std::hint::black_box(ids.map(str::len).sum::<usize>());
    });
    time("digest", &mut || drop(digest::cib_digest(&cib)));
    time("problems", &mut || drop(cib.problems()));
    let mut new = cib.clone();
    let last = new.descendants(new.root()).last().unwrap_or(new.root());
    new.set_attr(last, "changed", "1");
    time("diff", &mut || drop(patch::diff(&cib, &new)));
    if let Some(text) = patch::diff(&cib, &new) {
        time("apply", &mut || drop(patch::Patch::parse(&text).map(|p| p.apply_unchecked(&mut cib.clone()))));
    }
}
