//! `platforms`: each image has a platform that exists, and its configuration says the same.

use manifest_core::{Descriptor, Platform};

use crate::verification::facts::{Facts, ImageFacts};
use crate::verification::finding::{CheckResult, Severity, Subject, quoted};

pub(super) fn check(facts: &Facts) -> CheckResult {
    let mut result = CheckResult::new("platforms", ("image", "images"));
    for image in facts.images() {
        if !image.is_runnable() {
            continue;
        }
        result.count += 1;
        match image.descriptor {
            Some(descriptor) => check_listed(&mut result, descriptor, config_of(facts, &image)),
            None => check_alone(&mut result, config_of(facts, &image)),
        }
    }
    result
}

fn config_of<'a>(facts: &'a Facts, image: &ImageFacts<'_>) -> Option<&'a Platform> {
    facts.configs.get(&image.image.config.digest)?.present()
}

/// Checks an image in a list. `config` is the platform in its configuration, if that could be read.
fn check_listed(result: &mut CheckResult, descriptor: &Descriptor, config: Option<&Platform>) {
    let subject = Subject::manifest(descriptor);
    let config = config.filter(|config| config.is_stated());
    let Some(platform) = descriptor
        .platform
        .as_ref()
        .filter(|platform| platform.is_stated())
    else {
        let known = config.map(|config| format!(", its configuration says {}", text(config)));
        let message = format!(
            "the list has no platform for it{}: no engine will select it",
            known.unwrap_or_default()
        );
        result.find(Severity::Error, &subject, message);
        return;
    };
    if let Some(config) = config
        && !config.is_compatible_with(platform)
    {
        let message = format!(
            "the list says {}, its configuration says {}",
            text(platform),
            text(config)
        );
        result.find(Severity::Error, &subject, message);
    }
    warn_if_unknown(result, &subject, platform);
}

/// Checks a single image, which has a platform in its configuration only.
fn check_alone(result: &mut CheckResult, config: Option<&Platform>) {
    let subject = Subject::named("image");
    match config {
        Some(config) if !config.is_stated() => {
            let message = "its configuration has no platform";
            result.find(Severity::Warning, &subject, message);
        }
        Some(config) => warn_if_unknown(result, &subject, config),
        None => {}
    }
}

fn warn_if_unknown(result: &mut CheckResult, subject: &Subject, platform: &Platform) {
    if let Err(error) = platform.check(&platform.to_string()) {
        let message = format!("no engine will select it: {}", quoted(&error.to_string()));
        result.find(Severity::Warning, subject, message);
    }
}

fn text(platform: &Platform) -> String {
    quoted(&platform.to_string())
}
