//! Drafts and their entries by name, and the registry client.

use manifest_core::{Draft, Entry, Reference};
use manifest_registry::{Client, RegistryError};

use super::args::Args;
use crate::commands::select;
use crate::context::Context;
use crate::failure::{DraftLookup, DraftPlace, Failure};

/// Parses a reference.
pub(super) fn parse(text: &str) -> Result<Reference, Failure> {
    Reference::parse(text).map_err(|source| Failure::Reference {
        prefix: None,
        source,
    })
}

/// Returns the client for reads, or none with `--local`.
pub(super) fn client(
    context: &Context<'_>,
    args: &Args,
    draft: Option<&Draft>,
) -> Result<Option<Client>, Failure> {
    if args.local.is_on() {
        return Ok(None);
    }
    let registry = args.registry.with_mirrors(&args.mirrors);
    let registry = match draft {
        Some(_) => registry.with_insecure_hosts(draft),
        None => registry,
    };
    Ok(Some(context.client(
        args.insecure.is_on(),
        &args.retry,
        &registry,
    )?))
}

/// Returns the place of drafts, unless `--remote` is given.
pub(super) fn searched_place(
    context: &Context<'_>,
    args: &Args,
) -> Result<Option<DraftPlace>, Failure> {
    if args.remote.is_on() {
        return Ok(None);
    }
    Ok(Some(args.drafts(context)?.place()))
}

/// Adds to an error that there is no draft either, if it may have been the name of one.
pub(super) fn neither(
    failure: Failure,
    image: &Reference,
    searched: Option<DraftPlace>,
) -> Failure {
    match (failure, searched) {
        (Failure::Registry(error), Some(searched)) if is_missing(&error, image) => {
            Failure::NeitherDraftNorPublished {
                error: error.into(),
                list: image.clone().into(),
                searched,
            }
        }
        (failure, _) => failure,
    }
}

/// Tells whether the registry has no manifest of this name. It might have been the name of a draft.
fn is_missing(error: &RegistryError, image: &Reference) -> bool {
    match error {
        RegistryError::NoSuchManifest { reference, .. } => {
            **reference == *image && image.digest().is_none()
        }
        _ => false,
    }
}

/// Finds an entry of a draft by the text that names it, which is parsed as `image` if it is a reference.
pub(super) async fn find_entry(
    context: &Context<'_>,
    args: &Args,
    list: &Reference,
    image: Option<Reference>,
    text: &str,
) -> Result<Entry, Failure> {
    let store = args.drafts(context)?;
    let mut found = match &image {
        Some(image) => store.entry(list, image).await?,
        None => None,
    };
    if found.is_none()
        && let Ok(Some(draft)) = store.load(list).await
    {
        let current_dir = context.current_dir().ok();
        found = select::one(&draft, text, current_dir.as_deref())?.cloned();
    }
    if let Some(entry) = found {
        return Ok(entry);
    }
    let image = image.map(|image| image.to_string());
    Err(Failure::NotInDraft {
        image: image.unwrap_or_else(|| text.to_owned()),
        lookup: DraftLookup {
            list: list.clone().into(),
            has_draft: store.contains(list).await?,
            searched: store.place(),
        },
    })
}
