//! Spellings of older pcs versions that people still paste, turned into today's.
//!
//! Each change is told on stderr in one line. Only whole command shapes are recognised; words that
//! are also valid today are never touched.

/// Returns the command line as it is written today.
pub fn today(mut words: Vec<String>) -> Vec<String> {
    let command: Vec<&str> = words.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    let replaced = match command.as_slice() {
        ["cluster", "auth", _, ..] => Some((["cluster", "auth"].as_slice(), ["host", "auth"].as_slice())),
        ["resource", "show", ..] => {
            Some((["resource", "show"].as_slice(), ["resource", "config"].as_slice()))
        }
        ["stonith", "show", ..] => Some((["stonith", "show"].as_slice(), ["stonith", "config"].as_slice())),
        ["property", "show", ..] => {
            Some((["property", "show"].as_slice(), ["property", "config"].as_slice()))
        }
        _ => None,
    };
    if let Some((old, new)) = replaced {
        swap(&mut words, old, new);
        eprintln!(
            "Deprecation Warning: '{}' is the old spelling, please use '{}' instead",
            old.join(" "),
            new.join(" ")
        );
    }
    words
}

fn swap(words: &mut [String], old: &[&str], new: &[&str]) {
    let mut from = 0;
    for (old, new) in old.iter().zip(new) {
        if let Some(at) = words[from..].iter().position(|word| word == old) {
            words[from + at] = (*new).to_owned();
            from += at + 1;
        }
    }
}
