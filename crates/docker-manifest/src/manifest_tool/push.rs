//! `push`: a list that a file or a template describes.
//!
//! | module | holds |
//! | --- | --- |
//! | `describe` | the list that a file or a template describes |
//! | `draft` | the draft of a described list: platforms, order, duplicates |

mod describe;
mod draft;

use manifest_core::{ListType, Reference};
use manifest_registry::Client;
use manifest_spec::ListSpec;

use super::command_line::{FromArgsArgs, FromSpecArgs};
use super::connection::Connection;
use crate::assembly::{
    Assembler, AssemblyOptions, ListOptions, ListedImage, Resolution, ResolveRequest,
};
use crate::context::Context;
use crate::failure::{Failure, ManifestToolError};
use crate::flags::{PublishFlags, RetryFlags};
use crate::publishing::{self, Freshness, Publisher, publish_draft};
use crate::sources::{ChildFilter, SourceSpec};
use crate::values::OnDuplicate;

/// `push from-spec`: publishes the list that a file describes, and prints its digest.
pub(super) async fn from_spec(
    context: &Context<'_>,
    connection: &Connection,
    args: &FromSpecArgs,
) -> Result<(), Failure> {
    let list = describe::from_file(args, context.output)?;
    let push = Push {
        context,
        connection,
        list_type: args.push.list_type,
    };
    push.publish(list).await
}

/// `push from-args`: publishes a list of images whose names follow a template, and prints its digest.
pub(super) async fn from_args(
    context: &Context<'_>,
    connection: &Connection,
    args: &FromArgsArgs,
) -> Result<(), Failure> {
    let push = Push {
        context,
        connection,
        list_type: args.push.list_type,
    };
    push.publish(describe::from_template(args)?).await
}

/// One push.
struct Push<'a> {
    context: &'a Context<'a>,
    connection: &'a Connection,
    list_type: ListType,
}

impl Push<'_> {
    async fn publish(&self, list: ListSpec) -> Result<(), Failure> {
        if self.list_type == ListType::Docker && !list.annotations.is_empty() {
            return Err(ManifestToolError::AnnotationsNeedOci.into());
        }
        let list = with_tag_first(list);
        let flags = PublishFlags {
            by_digest: list.by_digest.into(),
            tag: list.tags.iter().map(Reference::to_string).collect(),
            // Two images for exactly one platform are refused before, in the tool's way.
            on_duplicate: Some(OnDuplicate::Warn),
            ..PublishFlags::default()
        };
        let images = list.images.iter();
        let images: Vec<Reference> = images
            .map(|image| describe::image(&image.image))
            .collect::<Result<_, _>>()?;
        let targets = publishing::known_targets(&list.list, &flags);
        let client = self.client(&list.list)?.for_publishing(&targets, &images);
        client.probe_tags_early(publishing::early_probes(&targets, &flags));
        let resolution = self.resolve(&client, &list, &images).await?;
        let described: Vec<_> = list.images.iter().zip(&images).collect();
        let mut draft = draft::compose(&list.list, &described, &resolution)?;
        draft.settings.list_type = Some(self.list_type);
        draft.settings.annotations = list.annotations;
        // The output of the tool is one line.
        let output = self.context.output.for_list(list.list.to_string());
        let context = self.context.with_output(&output);
        let publisher = Publisher::new(&context, &client, &flags);
        let published = publish_draft(&publisher, draft, Freshness::JustResolved).await;
        for warning in output.take_warnings() {
            self.context.output.warning(&warning);
        }
        let Some(published) = published? else {
            return Ok(());
        };
        let line = format!("Digest: {} {}", published.digest, published.size);
        Ok(self.context.output.result(line)?)
    }

    /// Returns a client. The login is for the registry of the list.
    fn client(&self, list: &Reference) -> Result<Client, Failure> {
        let registry = self.connection.registry_flags(list);
        self.context
            .client(self.connection.insecure, &RetryFlags::default(), &registry)
    }

    async fn resolve(
        &self,
        client: &Client,
        list: &ListSpec,
        images: &[Reference],
    ) -> Result<Resolution, Failure> {
        let options = AssemblyOptions {
            filter: ChildFilter {
                platforms: Vec::new(),
                attestations: true,
            },
            filters_images: false,
            flattens: true,
            ignores_missing: list.ignores_missing,
            refuses_copies: false,
            is_strict: false,
            on_duplicate: None,
            list: ListOptions::default(),
        };
        let assembler = Assembler {
            client,
            output: self.context.output,
            options: &options,
            shared: None,
            now: self.context.now(),
        };
        let mut sources: Vec<SourceSpec> = Vec::new();
        for image in images {
            let source = SourceSpec::Registry(image.clone());
            if !sources.contains(&source) {
                sources.push(source);
            }
        }
        let request = ResolveRequest {
            list: &list.list,
            images: sources.into_iter().map(ListedImage::from).collect(),
            subject: None,
            base: None,
            observed_tag: None,
        };
        match assembler.resolve(request).await {
            Err(Failure::NoImages { .. }) if list.ignores_missing && !images.is_empty() => {
                Err(ManifestToolError::AllSkipped.into())
            }
            // Without the hint about images of the engine, which are no sources of the tool.
            Err(Failure::NoSources(errors)) => Err(Failure::Multiple(
                errors.into_iter().map(Failure::Registry).collect(),
            )),
            result => result,
        }
    }
}

/// Gives a list without a tag the first of its tags as its name. Whoever reads it by digest finds it too.
fn with_tag_first(mut list: ListSpec) -> ListSpec {
    if list.by_digest && !list.tags.is_empty() {
        list.list = list.tags.remove(0);
        list.by_digest = false;
    }
    list
}
