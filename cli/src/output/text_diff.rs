//! What is different between two texts of sections (`name {` ... `}`), for people: changed lines with
//! `-` and `+`, below the sections that they are in.

/// Lines with `- `, `+ ` or two blanks in front; none when nothing is different.
pub fn lines(before: &str, after: &str) -> Vec<String> {
    let before: Vec<&str> = before.lines().collect();
    let after: Vec<&str> = after.lines().collect();
    let mut out = Vec::new();
    // The sections that are open, and whether their first lines were shown.
    let mut open: Vec<(&str, bool)> = Vec::new();
    for (sign, line) in script(&before, &after) {
        if sign != ' ' {
            for (head, shown) in open.iter_mut().filter(|(_, shown)| !shown) {
                out.push(format!("  {head}"));
                *shown = true;
            }
            out.push(format!("{sign} {line}").trim_end().to_owned());
        } else if line.trim_end().ends_with('{') {
            open.push((line, false));
        } else if line.trim() == "}" {
            open.pop();
        }
    }
    out
}

/// Every line of both, kept (' '), gone ('-') or new ('+'), with as many kept as can be.
fn script<'a>(before: &[&'a str], after: &[&'a str]) -> Vec<(char, &'a str)> {
    // How many lines the rests from (i, j) on have in common.
    let mut common = vec![vec![0_usize; after.len() + 1]; before.len() + 1];
    for i in (0..before.len()).rev() {
        for j in (0..after.len()).rev() {
            common[i][j] = if before[i] == after[j] {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut script = Vec::new();
    while i < before.len() || j < after.len() {
        if i < before.len() && j < after.len() && before[i] == after[j] {
            script.push((' ', before[i]));
            (i, j) = (i + 1, j + 1);
        } else if i < before.len() && (j == after.len() || common[i + 1][j] >= common[i][j + 1]) {
            script.push(('-', before[i]));
            i += 1;
        } else {
            script.push(('+', after[j]));
            j += 1;
        }
    }
    script
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn changed_lines_stand_below_their_sections() {
        let before = "a {\n    x: 1\n    y: 2\n}\n\nb {\n    c {\n        z: 3\n    }\n}\n";
        let after = "a {\n    x: 1\n    y: 4\n    w: 5\n}\n\nb {\n    c {\n    }\n}\n";
        assert_eq!(
            lines(before, after),
            ["  a {", "-     y: 2", "+     y: 4", "+     w: 5", "  b {", "      c {", "-         z: 3"]
        );
        assert!(lines(before, before).is_empty());
        assert_eq!(lines("", "a {\n}\n"), ["+ a {", "+ }"]);
    }
}
