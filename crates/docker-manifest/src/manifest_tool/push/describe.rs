//! The list that a file or a template describes.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use manifest_core::{Order, Reference};
use manifest_spec::{
    ImageSpec, ListSpec, PlatformSpec, Position, SpecInput, fill_template, load_for_manifest_tool,
};

use super::super::command_line::{FromArgsArgs, FromSpecArgs};
use crate::commands::spec_files;
use crate::failure::{Failure, ManifestToolError};
use crate::flags::has_tag;
use crate::output::Output;

/// Returns the list that a file describes, and warns of what is ignored in it.
///
/// # Errors
/// Fails if the file cannot be read, or describes no list.
pub(super) fn from_file(args: &FromSpecArgs, output: &Output) -> Result<ListSpec, Failure> {
    let loaded = load_for_manifest_tool(&input(&args.file)?)?;
    for warning in loaded.warnings {
        output.warning(&warning.to_string());
    }
    let Some(mut list) = loaded.lists.into_iter().next() else {
        return Err(ManifestToolError::NoFile.into());
    };
    list.ignores_missing = args.push.ignores_missing;
    for text in &args.push.tags {
        list.tags.push(tag(&list.list, text)?);
    }
    Ok(list)
}

fn input(file: &str) -> Result<SpecInput, Failure> {
    if file.is_empty() {
        return Err(ManifestToolError::NoFile.into());
    }
    let path = Path::new(file);
    // The tool reads one file.
    if path.is_dir() {
        return Err(Failure::ReadInput {
            path: path.to_owned(),
            source: io::ErrorKind::IsADirectory.into(),
        });
    }
    spec_files::input(path)
}

/// Returns the list of images whose names follow a template.
///
/// # Errors
/// Fails if a platform, an annotation or a name is malformed.
pub(super) fn from_template(args: &FromArgsArgs) -> Result<ListSpec, Failure> {
    let FromArgsArgs {
        push,
        platforms,
        template,
        target,
        annotations,
    } = args;
    let list = Reference::parse(target).map_err(|source| Failure::Reference {
        prefix: Some(format!("error parsing name for manifest list ({target})")),
        source,
    })?;
    let position = Position::of_file(&Arc::from("--template"));
    let image = |platform: &String| {
        let platform = parse_platform(platform)?;
        let part = |part: &Option<Arc<str>>| part.as_deref().unwrap_or_default().to_owned();
        let (os, architecture) = (part(&platform.os), part(&platform.architecture));
        let image = fill_template(template, &os, &architecture, &part(&platform.variant));
        Ok(ImageSpec {
            position: position.clone(),
            image,
            platform,
            annotations: BTreeMap::new(),
        })
    };
    let tags = push.tags.iter().map(|text| tag(&list, text));
    Ok(ListSpec {
        position: position.clone(),
        by_digest: !has_tag(target),
        tags: tags.collect::<Result<_, _>>()?,
        images: platforms
            .iter()
            .map(image)
            .collect::<Result<_, ManifestToolError>>()?,
        list,
        list_type: None,
        order: Order::Given,
        annotations: annotations
            .iter()
            .map(|text| parse_annotation(text))
            .collect::<Result<_, _>>()?,
        artifact_type: None,
        subject: None,
        platforms: Vec::new(),
        require: Vec::new(),
        drops_attestations: false,
        ignores_missing: push.ignores_missing,
    })
}

/// Parses the name of an image. It has to have a tag or a digest, as in the tool.
///
/// # Errors
/// Fails if it is not a reference, or has neither.
pub(super) fn image(name: &str) -> Result<Reference, Failure> {
    let image = Reference::parse(name).map_err(|source| Failure::Reference {
        prefix: Some(format!("unable to parse image reference: {name}")),
        source,
    })?;
    if has_tag(name) || image.digest().is_some() {
        Ok(image)
    } else {
        Err(ManifestToolError::NoTag { image }.into())
    }
}

/// Parses an additional tag: a tag of the list's repository, or the name of another one.
fn tag(list: &Reference, text: &str) -> Result<Reference, Failure> {
    if let Some(tag) = list.repository().tagged(text) {
        return Ok(tag);
    }
    Reference::parse(text).map_err(|source| Failure::Reference {
        prefix: Some(format!("error creating additional tag reference: {text}")),
        source,
    })
}

/// Parses a platform: `os/arch` or `os/arch/variant`.
fn parse_platform(text: &str) -> Result<PlatformSpec, ManifestToolError> {
    let parts: Vec<&str> = text.split('/').collect();
    let (os, architecture, variant) = match parts[..] {
        [os, architecture] => (os, architecture, None),
        [os, architecture, variant] => (os, architecture, Some(variant)),
        _ => return Err(ManifestToolError::PlatformForm(text.to_owned())),
    };
    Ok(PlatformSpec {
        os: Some(os.into()),
        architecture: Some(architecture.into()),
        variant: variant.map(Into::into),
        ..PlatformSpec::default()
    })
}

/// Parses an annotation: `key=value`. The value may have an equals sign.
fn parse_annotation(text: &str) -> Result<(String, String), ManifestToolError> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err(ManifestToolError::Annotation(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use manifest_core::ListType;

    use super::super::super::command_line::PushFlags;
    use super::*;

    fn args(platforms: &[&str], template: &str, target: &str) -> FromArgsArgs {
        FromArgsArgs {
            push: PushFlags {
                list_type: ListType::Docker,
                tags: vec!["2".into(), "ghcr.io/you/other:3".into()],
                ignores_missing: true,
            },
            platforms: platforms.iter().map(|text| (*text).to_owned()).collect(),
            template: template.into(),
            target: target.into(),
            annotations: vec!["a=b=c".into()],
        }
    }

    #[test]
    fn templates() {
        let platforms = ["linux/amd64", "linux/arm/v7", "windows/amd64"];
        let args = args(&platforms, "you/app-ARCHVARIANT:OS-1", "you/app:1");
        let list = from_template(&args).unwrap();
        let images: Vec<&str> = list.images.iter().map(|image| &*image.image).collect();
        assert_eq!(
            images,
            [
                "you/app-amd64:linux-1",
                "you/app-armv7:linux-1",
                "you/app-amd64:windows-1"
            ]
        );
        let tags: Vec<String> = list.tags.iter().map(ToString::to_string).collect();
        assert_eq!(tags, ["docker.io/you/app:2", "ghcr.io/you/other:3"]);
        assert_eq!(list.annotations["a"], "b=c");
        assert!(list.ignores_missing && !list.by_digest);
    }

    #[test]
    fn names_without_a_tag() {
        for (target, by_digest) in [
            ("app", true),
            ("q.io:5000/app", true),
            ("q.io/app:1", false),
        ] {
            let list = from_template(&args(&["linux/amd64"], "app:ARCH", target)).unwrap();
            assert_eq!(list.by_digest, by_digest, "{target}");
        }
        let digest = format!("app@sha256:{}", "a".repeat(64));
        for (name, is_right) in [("app:1", true), (&*digest, true), ("q.io:5000/app", false)] {
            assert_eq!(image(name).is_ok(), is_right, "{name}");
        }
    }

    #[test]
    fn malformed_flags() {
        for text in ["amd64", "linux/arm/v7/x", ""] {
            assert!(
                from_template(&args(&[text], "app:ARCH", "app:1")).is_err(),
                "{text}"
            );
        }
        for text in ["a", "=b", ""] {
            assert!(parse_annotation(text).is_err(), "{text}");
        }
        assert!(from_template(&args(&["linux/amd64"], "app:ARCH", "App")).is_err());
    }
}
