//! The manifest that is shown, and the place that it is read from.

use manifest_core::{Draft, Manifest, PublishedList, Reference};
use manifest_layout::Location;

use super::args::Args;
use super::lookup;
use super::reader::Reader;
use crate::context::Context;
use crate::failure::{Failure, InspectError};
use crate::sources::LazyLayout;
use crate::view::{Origin, Selection};

/// The manifest that is shown.
pub(super) struct Target {
    /// The name that it was asked for by.
    pub(super) name: String,
    pub(super) origin: Origin,
    pub(super) manifest: Manifest,
    pub(super) reader: Reader,
    /// The draft, if it is shown as a whole.
    pub(super) draft: Option<Draft>,
    /// The choice of `--platform`.
    pub(super) selection: Option<Selection>,
}

impl Target {
    /// Finds the manifest that the arguments name. A draft comes first, unless `--remote` is given.
    ///
    /// # Errors
    /// Fails if there is none, or it cannot be read.
    pub(super) async fn find(context: &Context<'_>, args: &Args) -> Result<Self, Failure> {
        match args.images.as_slice() {
            [list, text] => entry(context, args, list, text).await,
            [text] => match Location::parse(text) {
                Some(location) => on_disk(location?.absolute(&context.current_dir()?)?),
                None => named(context, args, &lookup::parse(text)?).await,
            },
            _ => unreachable!("the number was checked"),
        }
    }

    /// Returns the list of a draft.
    ///
    /// # Errors
    /// Fails if it cannot be published as the type that is set, or is not a usable manifest.
    pub(super) fn of_draft(
        context: &Context<'_>,
        args: &Args,
        draft: Draft,
    ) -> Result<Self, Failure> {
        let list = PublishedList::from_draft(&draft)?;
        let manifest = Manifest::parse(list.media_type.as_str(), list.bytes).map_err(|source| {
            InspectError::UnusableDraft {
                list: draft.list.clone().into(),
                source,
            }
        })?;
        let client = lookup::client(context, args, Some(&draft))?;
        Ok(Self {
            name: draft.list.to_string(),
            origin: args.draft_origin(context)?,
            manifest,
            reader: Reader::of_draft(&draft, client),
            draft: Some(draft),
            selection: None,
        })
    }
}

async fn entry(
    context: &Context<'_>,
    args: &Args,
    list: &str,
    text: &str,
) -> Result<Target, Failure> {
    let list = lookup::parse(list)?;
    let image = match Location::parse(text) {
        Some(_) => None,
        None => Some(lookup::parse(text)?),
    };
    let entry = lookup::find_entry(context, args, &list, image, text).await?;
    let manifest = entry.payload().ok().and_then(|bytes| {
        let manifest = Manifest::parse(&entry.descriptor.media_type, bytes).ok()?;
        manifest.with_digest(&entry.descriptor.digest)
    });
    let Some(manifest) = manifest else {
        return Err(Failure::NoPayload {
            image: entry.reference.clone(),
        });
    };
    let draft = Draft::new(list, vec![entry]);
    let client = lookup::client(context, args, Some(&draft))?;
    Ok(Target {
        name: draft.entries[0].reference.to_string(),
        origin: args.draft_origin(context)?,
        manifest,
        reader: Reader::of_draft(&draft, client),
        draft: None,
        selection: None,
    })
}

fn on_disk(location: Location) -> Result<Target, Failure> {
    let layout = LazyLayout::new(location);
    Ok(Target {
        name: layout.location().to_string(),
        origin: Origin::Disk,
        manifest: layout.root()?,
        reader: Reader::Disk(layout),
        draft: None,
        selection: None,
    })
}

async fn named(context: &Context<'_>, args: &Args, image: &Reference) -> Result<Target, Failure> {
    if !args.remote.is_on() {
        let store = args.drafts(context)?;
        if let Some(draft) = store.load(image).await? {
            return Target::of_draft(context, args, draft);
        }
        if args.local.is_on() {
            return Err(Failure::NoDraft {
                reference: image.clone().into(),
                searched: store.place(),
            });
        }
    }
    let registry = args.registry.with_mirrors(&args.mirrors);
    let client = context.client(args.insecure.is_on(), &args.retry, &registry)?;
    let searched = lookup::searched_place(context, args)?;
    let manifest = client.manifest(image).await;
    let manifest = manifest.map_err(|error| lookup::neither(error.into(), image, searched))?;
    Ok(Target {
        name: image.to_string(),
        origin: Origin::Registry,
        manifest,
        reader: Reader::Registry {
            client,
            repository: image.repository().clone(),
        },
        draft: None,
        selection: None,
    })
}
