//! Shell completion, generated from the command tables.
