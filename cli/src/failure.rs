//! How a command ends when it does not end well.

/// Why a command stopped; [`Failure::tell`] is the only place that prints it.
#[derive(Debug)]
pub enum Failure {
    /// The words make no command: the usage is shown, after the problem if there is one to name.
    Usage { problem: Option<String>, usage: String },
    /// One sentence without `Error: ` in front.
    Message(String),
    /// The reports have said it all.
    Told,
    /// Not an error: an answer given as an exit code.
    Code(u8),
}

impl Failure {
    pub fn message(text: impl Into<String>) -> Self {
        Failure::Message(text.into())
    }

    /// Prints what is still to be said and returns the exit code.
    pub fn tell(self) -> u8 {
        match self {
            Failure::Usage { problem, usage } => {
                if let Some(problem) = problem {
                    eprintln!("Error: {problem}");
                }
                eprint!("\n{usage}");
                1
            }
            Failure::Message(text) => {
                eprintln!("Error: {text}");
                1
            }
            Failure::Told => 1,
            Failure::Code(code) => code,
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Failure::Message(format!("{error:#}"))
    }
}
