//! Lines as a shell reads them: words, quotes, comments, lines that go on.

/// One command and the number of the line that it begins on.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    pub number: usize,
    pub words: Vec<String>,
}

/// Splits a text into commands: a line, or more when it ends in `\` or inside quotes. `;` ends a
/// command too; `#` at the beginning of a word begins a comment. An error names its line.
pub fn commands(text: &str) -> Result<Vec<Line>, (usize, String)> {
    let mut reader = Reader { commands: Vec::new(), words: Vec::new(), word: None, begun: 0, number: 1 };
    reader.read(text)?;
    Ok(reader.commands)
}

struct Reader {
    commands: Vec<Line>,
    words: Vec<String>,
    word: Option<String>,
    /// The line on which the command begins that is being read.
    begun: usize,
    number: usize,
}

impl Reader {
    fn read(&mut self, text: &str) -> Result<(), (usize, String)> {
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            match letter {
                '\n' | ';' => {
                    self.end_command();
                    self.number += usize::from(letter == '\n');
                }
                '#' if self.word.is_none() => {
                    // The end of the line is left: it ends the command.
                    while letters.next_if(|next| *next != '\n').is_some() {}
                }
                letter if letter.is_whitespace() => self.end_word(),
                '\\' => match letters.next() {
                    Some('\n') => self.number += 1,
                    // Written on another system.
                    Some('\r') if letters.next_if_eq(&'\n').is_some() => self.number += 1,
                    Some(next) => self.word().push(next),
                    None => return Err((self.number, "a backslash with nothing behind it".to_owned())),
                },
                '\'' | '"' => {
                    let from = self.number;
                    self.word();
                    self.quoted(letter, &mut letters)
                        .ok_or_else(|| (from, format!("the quote {letter} is never closed")))?;
                }
                letter => self.word().push(letter),
            }
        }
        self.end_command();
        Ok(())
    }

    /// The rest of a quoted part; None when it does not end.
    fn quoted(&mut self, quote: char, letters: &mut impl Iterator<Item = char>) -> Option<()> {
        loop {
            match letters.next()? {
                letter if letter == quote => return Some(()),
                '\\' if quote == '"' => match letters.next()? {
                    '\n' => self.number += 1,
                    letter @ ('"' | '\\' | '$' | '`') => self.word().push(letter),
                    letter => {
                        self.word().push('\\');
                        self.word().push(letter);
                    }
                },
                letter => {
                    self.number += usize::from(letter == '\n');
                    self.word().push(letter);
                }
            }
        }
    }

    fn word(&mut self) -> &mut String {
        if self.words.is_empty() && self.word.is_none() {
            self.begun = self.number;
        }
        self.word.get_or_insert_default()
    }

    fn end_word(&mut self) {
        self.words.extend(self.word.take());
    }

    fn end_command(&mut self) {
        self.end_word();
        if !self.words.is_empty() {
            self.commands.push(Line { number: self.begun, words: std::mem::take(&mut self.words) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        match commands(text) {
            Ok(lines) => {
                let line = |line: &Line| format!("{}:{}", line.number, line.words.join("|"));
                lines.iter().map(line).collect::<Vec<_>>().join(" ")
            }
            Err((number, problem)) => format!("line {number}: {problem}"),
        }
    }

    #[test]
    fn words_are_split_as_a_shell_does() {
        assert_eq!(read("a 'b c' \"d 'e'\" f\\ g h#i # rest\n\n  j ''"), "1:a|b c|d 'e'|f g|h#i 3:j|");
        assert_eq!(read("a \\\n  b;\nc; d"), "1:a|b 3:c 3:d");
        assert_eq!(read("'it'\"'\"'s' \"\\$\\n\""), "1:it's|$\\n");
        assert_eq!(read("a 'b\nc'\nd\r\ne"), "1:a|b\nc 3:d 4:e");
        assert_eq!(read("# only\n\n"), "");
    }

    #[test]
    fn what_does_not_end_is_told_with_its_line() {
        assert_eq!(read("a\nb 'c\nd"), "line 2: the quote ' is never closed");
        assert_eq!(read("a\nb \\"), "line 2: a backslash with nothing behind it");
    }
}
