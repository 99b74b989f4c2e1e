//! `--platform`: the image of a list that an engine runs.

use manifest_core::limits::LIST_DEPTH;
use manifest_core::manifest::ImageList;
use manifest_core::platform_match::{Choice, Engine, Mismatch};
use manifest_core::{Content, Descriptor, Manifest, MediaType, Platform};

use super::limits::DETAILED_ENTRIES;
use super::target::Target;
use crate::concurrency::try_join_all;
use crate::failure::{Failure, InspectError};
use crate::output::Output;
use crate::view::Selection;

/// The image of a list that an engine runs.
struct Found<'a> {
    entry: &'a Descriptor,
    matched: Option<Platform>,
    reason: String,
}

impl Target {
    /// Replaces a list by the image of it that an engine runs. An image stays, if the engine runs it. Also returns the list that
    /// has the image: a list in the list, if it is there.
    ///
    /// # Errors
    /// Fails if the engine runs none.
    pub(super) async fn choose(
        mut self,
        engine: &Engine,
        output: &Output,
    ) -> Result<(Self, Option<Manifest>), Failure> {
        if let Content::Image(image) = self.manifest.content() {
            let digest = self.manifest.digest();
            let config = self.reader.config(digest, image).await?;
            let platform = config.and_then(|config| config.platform().cloned());
            return Ok((self.choose_itself(engine, platform)?, None));
        }
        let mut list = None;
        for _ in 0..LIST_DEPTH {
            let Content::List(entries) = self.manifest.content() else {
                break;
            };
            let (name, manifest, selection) = self.choose_entry(engine, entries, output).await?;
            list = Some(std::mem::replace(&mut self.manifest, manifest));
            self.name = name;
            self.selection = Some(selection);
            self.draft = None;
        }
        Ok((self, list))
    }

    /// Returns the entry of a list that has the image, with its name and its manifest.
    async fn choose_entry(
        &self,
        engine: &Engine,
        list: &ImageList,
        output: &Output,
    ) -> Result<(String, Manifest, Selection), Failure> {
        let found = match stated(engine, list) {
            Some(found) => found,
            None => match self.unstated(engine, list, output).await? {
                Some(found) => found,
                None => return Err(self.no_image(engine, list).into()),
            },
        };
        let name = self.reader.name_of(&self.name, &found.entry.digest);
        let Some(manifest) = self.reader.manifest(found.entry).await? else {
            return Err(InspectError::OnlyInRegistry { name }.into());
        };
        let selection = Selection {
            platform: engine.to_string(),
            matched: found.matched.as_ref().map(ToString::to_string),
            list: Some(self.manifest.digest().clone()),
            reason: found.reason,
        };
        Ok((name, manifest, selection))
    }

    fn choose_itself(self, engine: &Engine, platform: Option<Platform>) -> Result<Self, Failure> {
        if let Some(platform) = &platform
            && let Some(mismatch) = engine.mismatch(platform)
        {
            let found = vec![format!("{platform} ({})", describe(&mismatch))];
            return Err(InspectError::NoImageForEngine {
                image: self.name,
                engine: engine.to_string(),
                found,
            }
            .into());
        }
        let reason = match &platform {
            Some(platform) => format!("it is an image for {platform}, not a list"),
            None => "it is an image without a platform, not a list".to_owned(),
        };
        let selection = Selection {
            platform: engine.to_string(),
            matched: platform.as_ref().map(ToString::to_string),
            list: None,
            reason,
        };
        Ok(Self {
            selection: Some(selection),
            ..self
        })
    }

    /// Finds an entry without a platform that has what the engine runs, as containerd does: an image by its configuration, a list by
    /// its own entries.
    async fn unstated<'a>(
        &self,
        engine: &Engine,
        list: &'a ImageList,
        output: &Output,
    ) -> Result<Option<Found<'a>>, Failure> {
        let is_list = |entry: &Descriptor| {
            MediaType::recognise(&entry.media_type).is_some_and(MediaType::is_list)
        };
        let is_unstated =
            |entry: &&Descriptor| entry.platform.is_none() && (entry.is_image() || is_list(entry));
        let entries = list.manifests.iter().filter(is_unstated);
        let mut entries: Vec<&Descriptor> = entries.collect();
        if entries.len() > DETAILED_ENTRIES {
            output.warning(&format!(
                "{} has {} entries without a platform: only the first {DETAILED_ENTRIES} are looked into, the others can be inspected by digest",
                self.name,
                entries.len()
            ));
            entries.truncate(DETAILED_ENTRIES);
        }
        let read = |entry: &'a Descriptor| async move {
            let manifest = self.reader.manifest(entry).await?;
            match manifest.as_ref().map(Manifest::content) {
                Some(Content::Image(image)) => {
                    let config = self.reader.config(&entry.digest, image).await?;
                    Ok(config.and_then(|config| config.platform().cloned()))
                }
                Some(Content::List(inner)) => {
                    Ok(stated(engine, inner).and_then(|found| found.matched))
                }
                None => Ok::<_, Failure>(None),
            }
        };
        let platforms = try_join_all(entries.iter().copied().map(read)).await?;
        let stated: Vec<Option<&Platform>> = platforms.iter().map(Option::as_ref).collect();
        Ok(engine.choose(&stated).map(|choice| Found {
            entry: entries[choice.index],
            reason: format!(
                "the list states no platform for it, its configuration says {}",
                choice.matched
            ),
            matched: Some(choice.matched),
        }))
    }

    fn no_image(&self, engine: &Engine, list: &ImageList) -> InspectError {
        let images = list.manifests.iter().filter(|entry| entry.is_image());
        let platforms = images.filter_map(|entry| entry.platform.as_ref());
        let describe = |platform: &Platform| {
            let mismatch = engine.mismatch(platform);
            let mismatch = mismatch.map(|mismatch| format!(" ({})", describe(&mismatch)));
            format!("{platform}{}", mismatch.unwrap_or_default())
        };
        InspectError::NoImageForEngine {
            image: self.name.clone(),
            engine: engine.to_string(),
            found: platforms.map(describe).collect(),
        }
    }
}

/// Finds the entry by the platforms that the list states.
fn stated<'a>(engine: &Engine, list: &'a ImageList) -> Option<Found<'a>> {
    let entries = &list.manifests;
    let platforms: Vec<Option<&Platform>> = entries
        .iter()
        .map(|entry| entry.platform.as_ref())
        .collect();
    let choice = engine.choose(&platforms)?;
    Some(Found {
        entry: &entries[choice.index],
        reason: explain(engine, &choice),
        matched: Some(choice.matched),
    })
}

/// Explains a choice in one sentence.
fn explain(engine: &Engine, choice: &Choice) -> String {
    let Choice {
        matched,
        is_own,
        others,
        ..
    } = choice;
    let first = match others.len() {
        0 => "the only entry",
        _ => "the first entry",
    };
    if *is_own {
        format!("{first} for {engine}")
    } else {
        format!("{first} for {matched}, the best that {engine} runs: none is for {engine} itself")
    }
}

fn describe(mismatch: &Mismatch) -> String {
    match mismatch {
        Mismatch::Os => "another operating system".to_owned(),
        Mismatch::Architecture => "another architecture".to_owned(),
        Mismatch::Variant => "another variant".to_owned(),
        Mismatch::OsVersion => "another version of Windows".to_owned(),
        Mismatch::OsFeatures(features) => format!("needs {}", features.join(", ")),
    }
}
