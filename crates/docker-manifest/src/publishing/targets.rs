//! The names that are written, those of single images included, and what became of them.

use manifest_core::reference::Repository;
use manifest_core::{Digest, Draft, MediaType, Reference};
use manifest_registry::{
    Client, Precondition, Publication, RegistryError, Released, TagResult, concurrent, limits,
};

use super::flags::PublishFlags;
use super::report::{TargetReport, Written};
use crate::failure::Failure;
use crate::output::Output;

/// What may stand in a template for the tags of single images.
const PLACEHOLDERS: &str = "{tag}, {os}, {arch}, {variant} and {os.version}";

/// Returns what is to be written: the list's own name and those of `--tag`, each once; their repositories alone with
/// `--by-digest`.
pub(super) fn of_list(
    list: &Reference,
    digest: &Digest,
    flags: &PublishFlags,
) -> Result<Vec<Reference>, Failure> {
    let parse = |text: &String| {
        Reference::parse(text).map_err(|source| Failure::Reference {
            prefix: Some(format!("error parsing name for tag {text}")),
            source,
        })
    };
    let more = flags.tag.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
    let more = checked(&more, digest)?;
    let pin = |target: &Reference| match flags.by_digest.is_on() {
        true => target.repository().at(digest.clone()),
        false => target.clone(),
    };
    Ok(once(std::iter::once(list).chain(&more).map(pin)))
}

/// Returns names with each once. What names a digest has to name that of what is published.
pub(super) fn checked(targets: &[Reference], digest: &Digest) -> Result<Vec<Reference>, Failure> {
    let is_other = |target: &&Reference| target.digest().is_some_and(|named| named != digest);
    if let Some(target) = targets.iter().find(is_other) {
        return Err(Failure::OtherDigest {
            target: target.clone().into(),
            digest: digest.clone(),
        });
    }
    let name = |target: &Reference| {
        let tagged = target.tag().and_then(|tag| target.repository().tagged(tag));
        tagged.unwrap_or_else(|| target.clone())
    };
    Ok(once(targets.iter().map(name)))
}

fn once(targets: impl Iterator<Item = Reference>) -> Vec<Reference> {
    let mut once = Vec::new();
    for target in targets {
        if !once.contains(&target) {
            once.push(target);
        }
    }
    once
}

/// Parts targets by repository, in the order given.
pub(super) fn by_repository(targets: &[Reference]) -> Vec<(&Repository, Vec<Reference>)> {
    let mut groups: Vec<(&Repository, Vec<Reference>)> = Vec::new();
    for target in targets {
        let repository = target.repository();
        match groups.iter_mut().find(|(known, _)| *known == repository) {
            Some((_, group)) => group.push(target.clone()),
            None => groups.push((repository, vec![target.clone()])),
        }
    }
    groups
}

/// Puts what is known of targets in the order in which they were given, which is not by repository.
pub(super) fn in_order<T>(known: &mut [(Reference, T)], targets: &[Reference]) {
    known.sort_by_key(|(target, _)| targets.iter().position(|other| other == target));
}

/// One tag for a child.
pub(super) struct ChildTag {
    pub(super) target: Reference,
    digest: Digest,
    bytes: Vec<u8>,
    media_type: MediaType,
}

impl ChildTag {
    /// Returns the digest of the child.
    pub(super) fn digest(&self) -> &Digest {
        &self.digest
    }
}

/// Makes a tag for each image in the list, in each repository and for each tag of the list.
pub(super) fn of_children(
    draft: &Draft,
    targets: &[Reference],
    template: &str,
) -> Result<Vec<ChildTag>, Failure> {
    let mut tags: Vec<ChildTag> = Vec::new();
    for target in targets {
        let Some(tag) = target.tag() else {
            continue;
        };
        for entry in draft.entries.iter().filter(|entry| entry.is_image()) {
            let platform = entry.descriptor.platform.clone().unwrap_or_default();
            let name = template
                .replace("{tag}", tag)
                .replace("{os}", &platform.os)
                .replace("{arch}", &platform.architecture)
                .replace("{variant}", &platform.variant)
                .replace("{os.version}", &platform.os_version);
            let wrong = |reason: String| Failure::ChildTag {
                name: name.clone(),
                image: entry.reference.clone().into(),
                reason,
            };
            let Some(reference) = target.repository().tagged(&name) else {
                let reason = if name.contains('{') {
                    format!("it is no tag; what is filled in is {PLACEHOLDERS}")
                } else {
                    "it is no tag".to_owned()
                };
                return Err(wrong(reason));
            };
            let digest = &entry.descriptor.digest;
            if targets.contains(&reference) {
                return Err(wrong("it is the list's own tag".to_owned()));
            }
            match tags.iter().find(|other| other.target == reference) {
                Some(other) if other.digest == *digest => continue,
                Some(_) => {
                    return Err(wrong(
                        "another image has it: use {os}, {variant} or {os.version} too".to_owned(),
                    ));
                }
                None => {}
            }
            let image = || entry.reference.clone();
            let media_type = entry
                .media_type()
                .ok_or_else(|| Failure::NoPayload { image: image() })?;
            tags.push(ChildTag {
                target: reference,
                digest: digest.clone(),
                bytes: entry.payload()?,
                media_type,
            });
        }
    }
    Ok(tags)
}

/// Fails where a tag that an image is to get was looked at, and shows something else.
pub(super) fn must_not_exist(
    tags: &[ChildTag],
    watched: &[(Reference, Option<Digest>)],
) -> Result<(), Failure> {
    for tag in tags {
        let seen = watched.iter().find(|(target, _)| *target == tag.target);
        let found = seen.and_then(|(_, now)| now.clone());
        if let Some(found) = found.filter(|found| *found != tag.digest) {
            return Err(Failure::Registry(RegistryError::PreconditionFailed {
                reference: tag.target.clone().into(),
                expected: None,
                found: Some(found),
            }));
        }
    }
    Ok(())
}

/// Writes the tags of children, which are there already.
pub(super) async fn put(
    client: &Client,
    tags: &[ChildTag],
    precondition: Precondition<'_>,
) -> Vec<(Reference, TagResult)> {
    let puts = tags.iter().map(|tag| async move {
        let publication = Publication {
            targets: std::slice::from_ref(&tag.target),
            media_type: tag.media_type,
            bytes: &tag.bytes,
            children: &[],
            push_foreign: false,
            precondition,
            verified: Some(&[]),
        };
        let mut published = client.publish(&publication, |_| ()).await?;
        // It has one tag, for it was published.
        Ok(published.tags.remove(0))
    });
    let results = concurrent(limits::PARALLEL_WORK, puts).await;
    let targets = tags.iter().map(|tag| tag.target.clone());
    targets.zip(results).collect()
}

/// Says of several targets that none was written.
pub(super) fn none_written(targets: &[Reference], say: impl Fn(&str)) {
    if targets.len() > 1 {
        table(
            targets
                .iter()
                .map(|target| (target.to_string(), "not written")),
            say,
        );
    }
}

fn table(rows: impl Iterator<Item = (String, &'static str)>, say: impl Fn(&str)) {
    let rows: Vec<(String, &str)> = rows.collect();
    let width = rows.iter().map(|(target, _)| target.len()).max();
    for (target, state) in &rows {
        say(&format!("{target:0$}  {state}", width.unwrap_or_default()));
    }
}

/// What became of all names.
pub(super) struct Outcome {
    /// Those of the list.
    tags: Vec<(Reference, TagResult)>,
    /// Those of its images.
    of_children: Vec<(Reference, TagResult)>,
    written: usize,
    digest: Option<Digest>,
}

/// What a name shows.
fn state(result: &TagResult) -> &'static str {
    match result {
        Ok(tagged) if tagged.is_written => "written",
        Ok(_) => "there already",
        Err(RegistryError::ChildrenMissing { .. }) => "incomplete",
        Err(_) => "failed",
    }
}

impl Outcome {
    pub(super) fn of(released: &Released) -> Self {
        let written = released.published.iter();
        Self {
            tags: released.tags.clone(),
            of_children: Vec::new(),
            written: written.map(|published| published.written).sum(),
            digest: released.published.first().map(|first| first.digest.clone()),
        }
    }

    /// Tells whether nothing has failed so far.
    pub(super) fn is_good(&self) -> bool {
        self.all().all(|(_, result)| result.is_ok())
    }

    pub(super) fn add(&mut self, of_children: Vec<(Reference, TagResult)>) {
        let is_written = |result: &TagResult| matches!(result, Ok(tagged) if tagged.is_written);
        self.written += of_children
            .iter()
            .filter(|(_, result)| is_written(result))
            .count();
        self.of_children.extend(of_children);
    }

    /// Returns what is reported of it.
    pub(super) fn written(&self) -> Written {
        let row = |(target, result): &(Reference, TagResult)| TargetReport {
            reference: target.to_string(),
            state: state(result),
            before: result
                .as_ref()
                .ok()
                .and_then(|tagged| tagged.before.clone()),
        };
        Written {
            digest: self.digest.clone(),
            names: self.tags.iter().map(|(target, _)| target.clone()).collect(),
            targets: self.tags.iter().map(row).collect(),
            child_tags: self.of_children.iter().map(row).collect(),
        }
    }

    fn all(&self) -> impl Iterator<Item = &(Reference, TagResult)> {
        self.tags.iter().chain(&self.of_children)
    }

    /// Says what scripts need not know, and fails where not every name shows what it should.
    pub(super) fn tell(
        &self,
        media_type: MediaType,
        flags: &PublishFlags,
        output: &Output,
    ) -> Result<(), Failure> {
        for (target, result) in self.all() {
            if let Ok(tagged) = result
                && let Some(error) = &tagged.unconfirmed
            {
                let (done, looked_at) = match tagged.is_written {
                    true => ("was written", "it could not be read back"),
                    false => (
                        "is there already",
                        "what it leads to could not be looked at",
                    ),
                };
                output.warning(&format!("{target} {done}, and {looked_at}: {error}"));
            }
        }
        let is_several = self.all().count() > 1 || !flags.tag.is_empty();
        let say = |line: &str| flags.say(line, output);
        if is_several {
            table(
                self.all()
                    .map(|(target, result)| (target.to_string(), state(result))),
                say,
            );
        } else if self.written == 0
            && self.is_good()
            && let Some((target, _)) = self.tags.first()
        {
            // Docker's lines may just have said of each image that it was pushed.
            let what = if media_type.is_list() {
                "and its images are"
            } else {
                "is"
            };
            say(&format!(
                "{target} {what} there already: nothing was written"
            ));
        }
        let failed = self.all().filter_map(|(_, result)| result.as_ref().err());
        let mut failed: Vec<RegistryError> = failed.cloned().collect();
        if failed.is_empty() {
            return Ok(());
        }
        if failed.len() == self.all().count() && failed.len() == 1 {
            return Err(failed.remove(0).into());
        }
        let live = self
            .all()
            .filter_map(|(target, result)| match state(result) {
                "failed" => None,
                "incomplete" => Some(format!("{target} (incomplete)")),
                _ => Some(target.to_string()),
            });
        let live = live.collect();
        Err(Failure::Partly { live, failed })
    }
}
