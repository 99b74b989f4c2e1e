//! The steps of one list: look up its sources, compare it with its tags, and publish it if they differ.

use std::cell::Cell;

use manifest_core::{Digest, NamedPlatform, Reference};
use manifest_registry::{Client, concurrent};
use manifest_spec::Position;
use tokio::sync::Semaphore;

use super::batches::Job;
use super::left_out;
use super::result::{ListResult, ListState};
use super::stop::Stop;
use super::waits::Waits;
use crate::assembly::{Assembler, SharedSources, SpecList, compose_draft};
use crate::cache::KnownLists;
use crate::concurrency::PARALLEL_IMAGES;
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::PublishFlags;
use crate::output::Output;
use crate::plugin::{COMMIT, VERSION};
use crate::publishing::{CheckedDraft, Freshness, Publisher, publish_checked};
use crate::values::PlatformList;

/// The purpose of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// To publish.
    Apply,
    /// To show which tags would be written.
    DryRun,
    /// To resolve the images, and compare nothing.
    Check,
}

/// Everything that the lists of a run share.
pub(super) struct Run<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) mode: Mode,
    /// The flags for the push of each list.
    pub(super) flags: PublishFlags,
    /// Whether published lists may lose images that do not exist any more.
    pub(super) prunes_missing: bool,
    /// The waits for images that do not exist yet.
    pub(super) waits: Option<Waits<'a>>,
    /// The sources that several lists have.
    pub(super) shared: SharedSources,
    /// The digests of lists that were assembled before.
    pub(super) known: Option<KnownLists>,
    /// One permit for each list whose manifests may be in memory.
    pub(super) memory: Semaphore,
    /// The end of the run before all lists are done.
    pub(super) stop: Stop,
}

/// A tag or digest that a list is written to, and the digest that it points to.
type Target = (Reference, Option<Digest>);

impl Run<'_> {
    /// Does all steps of a list.
    pub(super) async fn apply(&self, job: Job) -> ListResult {
        let mut result = ListResult::new(job.position, job.name);
        if self.stop.begins_none() {
            return result;
        }
        let output = self.context.output.for_list(result.name.clone());
        match job.list {
            Ok(mut list) => {
                let steps = Steps {
                    run: self,
                    client: &job.client,
                    output: &output,
                    writes_tags: Cell::new(false),
                };
                let outcome = tokio::select! {
                    biased;
                    outcome = steps.all(&mut list, &mut result) => Some(outcome),
                    () = steps.abandoned() => None,
                };
                match outcome {
                    Some(Ok(())) => {}
                    Some(Err(failure)) => result.fail(&failure, list.names()),
                    None => result = ListResult::new(result.position, result.name),
                }
            }
            Err(failure) => result.fail(&failure, []),
        }
        result.warnings = output.take_warnings();
        result
    }

    /// Returns the digest of everything that decides a list, if the digest of the list may be known by it. Warnings are not known,
    /// so with `--strict` each list is assembled.
    fn recipe(&self, list: &SpecList) -> Option<Digest> {
        let may_be_known = self.mode != Mode::Check && !self.flags.strict.is_on();
        self.known.as_ref().filter(|_| may_be_known)?;
        list.recipe(&format!("{VERSION} {COMMIT}"))
    }
}

/// The steps of one list.
struct Steps<'a> {
    run: &'a Run<'a>,
    client: &'a Client,
    output: &'a Output,
    /// Whether tags of the list are being written, or have been.
    writes_tags: Cell<bool>,
}

impl Steps<'_> {
    /// Waits until the list must not be published any more: a signal has stopped the run before its tags are written.
    async fn abandoned(&self) {
        self.run.stop.interrupted().await;
        if self.writes_tags.get() {
            std::future::pending::<()>().await;
        }
    }

    async fn all(&self, list: &mut SpecList, result: &mut ListResult) -> Result<(), Failure> {
        let run = self.run;
        if !self.wait(list, &result.position).await? {
            return Ok(());
        }
        list.pin(self.client, self.output, &run.shared).await?;
        let recipe = run.recipe(list);
        let known = recipe
            .as_ref()
            .and_then(|recipe| run.known.as_ref()?.get(recipe));
        if let Some(digest) = known.filter(|_| !run.flags.referrers.is_on()) {
            let targets = self.targets(list, &digest).await?;
            let is_plan = run.mode == Mode::DryRun && list.left_out.is_empty();
            if is_unchanged(&targets, &digest) || is_plan {
                result.compare(&digest, targets);
                result.left_out = names(&list.left_out);
                return Ok(());
            }
        }
        let _permit = run.memory.acquire().await;
        if run.stop.begins_none() {
            return Ok(());
        }
        // Boxed, because most lists of most runs never get here.
        Box::pin(self.assemble(list, recipe.as_ref(), result)).await
    }

    /// Waits for images that do not exist yet. Returns `false` if the run was stopped meanwhile.
    async fn wait(&self, list: &SpecList, place: &Position) -> Result<bool, Failure> {
        let run = self.run;
        let Some(waits) = &run.waits else {
            return Ok(true);
        };
        let exists = |image| async move { run.shared.require(self.client, &image).await };
        let waited = waits.for_list(self.client, list, place, exists);
        // Boxed, because most runs never wait.
        let waited = Box::pin(waited);
        tokio::select! {
            biased;
            // In a run that is stopped, nothing is worth waiting for.
            () = run.stop.stopped() => Ok(false),
            result = waited => result.map(|()| true),
        }
    }

    /// Assembles the list, and publishes it if its tags point to something else.
    async fn assemble(
        &self,
        list: &SpecList,
        recipe: Option<&Digest>,
        result: &mut ListResult,
    ) -> Result<(), Failure> {
        let Self {
            run,
            client,
            output,
            ref writes_tags,
        } = *self;
        if run.mode != Mode::Check {
            client.probe_tags_early(list.targets().cloned());
        }
        let assembler = Assembler {
            client,
            output,
            options: &list.options,
            shared: Some(&run.shared),
            now: run.context.now(),
        };
        let resolution = assembler.resolve(list.request()).await?;
        let (draft, report) = compose_draft(&list.list, None, &resolution, &list.options)?;
        report
            .warnings
            .iter()
            .for_each(|warning| output.warning(warning));
        let context = run.context.with_output(output);
        let flags = publish_flags(&run.flags, list);
        let publisher = Publisher {
            writes_tags: Some(writes_tags),
            ..Publisher::new(&context, client, &flags)
        };
        let checked = CheckedDraft::new(&publisher, draft, Freshness::JustResolved)?;
        result.left_out = names(list.left_out.iter().chain(&resolution.left_out));
        drop(resolution);
        let digest = &checked.list().digest;
        result.digest = Some(digest.clone());
        result.size = Some(checked.list().bytes.len());
        result.manifests = Some(checked.draft().entries.len());
        if let (Some(recipe), Some(known), true) = (recipe, &run.known, result.left_out.is_empty())
        {
            known.put(recipe, digest);
        }
        if run.mode == Mode::Check {
            result.state = ListState::Checked;
            return Ok(());
        }
        let targets = self.targets(list, digest).await?;
        result.compare(digest, targets.clone());
        let is_done = is_unchanged(&targets, digest) && !flags.referrers.is_on();
        if !is_done && !result.left_out.is_empty() && !run.prunes_missing {
            left_out::refuse_losses(client, checked.draft(), &targets).await?;
        }
        if is_done || run.mode == Mode::DryRun {
            client.forget_early_probes(list.targets());
            return Ok(());
        }
        if let Some(published) = publish_checked(&publisher, &checked).await? {
            result.publish(published);
        }
        Ok(())
    }

    /// Returns the targets with the digests that they point to. A list that is published by its digest has one, which exists or not.
    async fn targets(&self, list: &SpecList, digest: &Digest) -> Result<Vec<Target>, Failure> {
        let by_digest = list
            .by_digest
            .then(|| list.list.repository().at(digest.clone()));
        let targets = list.targets().cloned().chain(by_digest);
        let probes = targets.map(|target| async move {
            let digest = self.client.early_digest(&target).await?;
            Ok::<_, Failure>((target, digest))
        });
        let targets = concurrent(PARALLEL_IMAGES, probes).await;
        targets.into_iter().collect()
    }
}

fn is_unchanged(targets: &[Target], digest: &Digest) -> bool {
    let mut digests = targets.iter().map(|(_, digest)| digest.as_ref());
    digests.all(|found| found == Some(digest))
}

fn names<'a>(sources: impl IntoIterator<Item = &'a manifest_core::Source>) -> Vec<String> {
    sources.into_iter().map(ToString::to_string).collect()
}

/// Returns the flags for the push of one list.
fn publish_flags(flags: &PublishFlags, list: &SpecList) -> PublishFlags {
    let require = list.require.iter().map(|platform| NamedPlatform {
        platform: platform.clone(),
        alias: None,
    });
    let by_digest = match list.by_digest {
        true => crate::values::Switch::on(),
        false => flags.by_digest,
    };
    PublishFlags {
        by_digest,
        require: vec![PlatformList(require.collect())],
        tag: list.tags.iter().map(ToString::to_string).collect(),
        ..flags.clone()
    }
}
