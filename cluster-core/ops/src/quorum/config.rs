//! `quorum config`: the options and the device as they stand in the file.

use super::device_section;
use crate::conf::ConfWork;
use crate::conf::options::Options;
use crate::conf::tables::QUORUM;
use crate::work::Stop;
use rhapsody_conf::{Conf, Section};
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {}

#[derive(Debug, Serialize, Deserialize)]
pub struct QuorumConfig {
    pub options: Options,
    pub device: Option<Device>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    pub model: String,
    pub model_options: Options,
    pub generic_options: Options,
    pub heuristics_options: Options,
}

pub fn run(work: &mut ConfWork<'_>, _: Request) -> Result<QuorumConfig, Stop> {
    Ok(QuorumConfig { options: options(&work.conf), device: device(&work.conf) })
}

/// The options that commands can set.
pub fn options(conf: &Conf) -> Options {
    let mut options = Options::new();
    for (name, value) in conf.root().sections("quorum").flat_map(Section::pairs) {
        if QUORUM.iter().any(|(known, _)| *known == name) {
            options.insert(name.to_owned(), value.to_owned());
        }
    }
    options
}

pub fn device(conf: &Conf) -> Option<Device> {
    let device = device_section(conf)?;
    let model = device.get("model").unwrap_or_default().to_owned();
    let of = |name: &str| -> Options {
        let pairs = device.sections(name).flat_map(Section::pairs);
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    let generic = device.pairs().filter(|(name, _)| *name != "model");
    Some(Device {
        model_options: of(&model),
        generic_options: generic.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        heuristics_options: of("heuristics"),
        model,
    })
}
