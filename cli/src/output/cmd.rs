//! Commands as text that a shell can run.

/// A word quoted for a shell when it needs it.
pub fn quote(word: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./-_".contains(c);
    if !word.is_empty() && word.chars().all(safe) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\"'\"'"))
}

/// The same for a word that holds a pattern: pcs leaves `*`, `?` and brackets to the shell, which
/// has no file of such a name to put there.
pub fn quote_but_patterns(word: &str) -> String {
    let bare: String = word.chars().filter(|c| !"*?[]^".contains(*c)).collect();
    if !bare.is_empty() && quote(&bare) == bare { word.to_owned() } else { quote(word) }
}

/// `name=value`, quoted.
pub fn pair(name: &str, value: &str) -> String {
    quote(&format!("{name}={value}"))
}

/// Lines of one command, joined with backslashes.
pub fn join_lines(lines: &[String]) -> String {
    lines.join(" \\\n")
}

/// Commands one after the other.
pub fn join_commands(commands: &[Vec<String>]) -> String {
    commands.iter().map(|lines| join_lines(lines)).collect::<Vec<_>>().join(";\n")
}

#[cfg(test)]
mod tests {
    #[test]
    fn words_survive_a_shell() {
        assert_eq!(super::quote("a=b"), "a=b");
        assert_eq!(super::quote("it's"), "'it'\"'\"'s'");
        assert_eq!(super::quote(""), "''");
        assert_eq!(super::quote("R*"), "'R*'");
        assert_eq!(super::quote_but_patterns("regexp%n[1-3].*"), "regexp%n[1-3].*");
        assert_eq!(super::quote_but_patterns("regexp%(a|b)"), "'regexp%(a|b)'");
    }
}
