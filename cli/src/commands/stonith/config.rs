//! `stonith config`

use crate::Done;
use crate::commands::resource;
use crate::context::Context;
use crate::output::cmd;
use crate::output::resources_cmd::Commands;
use rhapsody_ops::dto::resources::Resources;

pub fn run(context: &mut Context, words: &[String]) -> Done {
    let format = context.format(&["cmd", "json", "text"])?;
    let all = resource::configured(context)?;
    let mut devices = Resources {
        primitives: all
            .primitives
            .iter()
            .filter(|found| found.agent_name.standard == "stonith")
            .cloned()
            .collect(),
        ..Resources::default()
    };
    if !words.is_empty() {
        devices = resource::config::select(&devices, words, "stonith device")?;
    }
    match format {
        "json" => {
            eprintln!(
                "Warning: Fencing levels are not included, as in earlier versions of this command. To export them, run \
                 'rhapsody stonith level config --output-format=json'"
            );
            resource::config::print(context, format, &devices, &devices.clone(), words)
        }
        "cmd" => {
            let mut commands = Commands::default();
            for device in &devices.primitives {
                commands.primitive(device, None);
            }
            if words.is_empty() {
                commands.commands.extend(super::level::commands(&super::level::get(context)?));
            }
            if !commands.commands.is_empty() {
                context.line(cmd::join_commands(&commands.commands));
            }
            Ok(())
        }
        _ => {
            resource::config::print(context, format, &devices, &devices.clone(), words)?;
            super::level::print_after(context)
        }
    }
}
