//! `annotate`: sets the platform and the annotations of an image in a draft, or the annotations of the list.

use std::str::FromStr;

use manifest_core::edit::{Clear, Field};
use manifest_core::{Draft, Entry, NamedPlatform, PlatformEdit, Reference};
use manifest_store::Change;

use super::select;
use crate::compose;
use crate::context::Context;
use crate::drafts::{DraftStore, RegistryAccess};
use crate::failure::{DraftLookup, Failure};
use crate::flags::{HelpFlag, RegistryFlags, RetryFlags, StageFlag};
use crate::staging::Scope;
use crate::values::{AnnotationFlag, AnnotationTarget, CommaList, Switch};

/// Add additional information to a local image manifest
#[derive(Debug, clap::Args)]
#[command(override_usage = "annotate [OPTIONS] MANIFEST_LIST MANIFEST")]
pub struct Args {
    #[command(flatten)]
    pub(crate) help: HelpFlag,
    /// Add an annotation: "k=v" to the image, or to the list if no image is named; "index:k=v" or "entry:k=v" to choose
    #[arg(long, value_name = "annotation", action = clap::ArgAction::Append)]
    annotation: Vec<AnnotationFlag>,
    /// Set architecture
    #[arg(long, value_name = "string")]
    arch: Option<String>,
    /// Undo all changes, or clear one field: arch, variant, os-version, os-features, features, annotations
    #[arg(long, value_name = "field", num_args = 0..=1, require_equals = true, default_missing_value = "all", action = clap::ArgAction::Append)]
    clear: Vec<ClearFlag>,
    /// Set CPU feature
    #[arg(long, value_name = "strings", action = clap::ArgAction::Append)]
    features: Vec<CommaList>,
    /// Accept an unknown --platform
    #[arg(long)]
    force: Switch,
    /// Allow communication with an insecure registry
    #[arg(long)]
    insecure: Switch,
    /// Set operating system
    #[arg(long, value_name = "string")]
    os: Option<String>,
    /// Set operating system feature
    #[arg(long, value_name = "strings", action = clap::ArgAction::Append)]
    os_features: Vec<CommaList>,
    /// Set operating system version
    #[arg(long, value_name = "string")]
    os_version: Option<String>,
    /// Set the whole platform: os[(version)]/arch[/variant]
    #[arg(long, value_name = "platform")]
    platform: Option<String>,
    #[command(flatten)]
    retry: RetryFlags,
    #[command(flatten)]
    registry: RegistryFlags,
    #[command(flatten)]
    stage: StageFlag,
    /// Set architecture variant
    #[arg(long, value_name = "string")]
    variant: Option<String>,
    #[arg(value_name = "MANIFEST_LIST MANIFEST", hide = true)]
    pub(crate) images: Vec<String>,
}

/// The value of `--clear`.
#[derive(Clone, Copy, Debug)]
struct ClearFlag(Clear);

impl FromStr for ClearFlag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(Self(match text {
            "all" => Clear::All,
            "arch" => Clear::Field(Field::Architecture),
            "variant" => Clear::Field(Field::Variant),
            "os-version" => Clear::Field(Field::OsVersion),
            "os-features" => Clear::Field(Field::OsFeatures),
            "features" => Clear::Field(Field::Features),
            "annotations" => Clear::Field(Field::Annotations),
            _ => {
                let fields = "arch, variant, os-version, os-features, features, annotations";
                return Err(format!("must be one of {fields}"));
            }
        }))
    }
}

impl Args {
    /// Returns the least number of arguments. It is one, the list, if only the list is annotated.
    pub(crate) fn min_arguments(&self) -> usize {
        let Self {
            arch,
            features,
            os,
            os_features,
            os_version,
            platform,
            variant,
            ..
        } = self;
        let texts = [arch, os, os_version, platform, variant];
        let empties_field =
            |flag: &ClearFlag| !matches!(flag.0, Clear::All | Clear::Field(Field::Annotations));
        let is_of_image = texts.into_iter().any(Option::is_some)
            || self.clear.iter().any(empties_field)
            || !features.is_empty()
            || !os_features.is_empty();
        let changes_nothing = self.annotation.is_empty() && self.clear.is_empty();
        if is_of_image || changes_nothing { 2 } else { 1 }
    }
}

/// Changes one entry of a draft, or the annotations of the list. Prints nothing, as Docker does.
pub(crate) async fn run(context: &Context<'_>, args: &Args) -> Result<(), Failure> {
    let parse = |kind, text: &str| {
        let prefix = format!("annotate: error parsing name for {kind} {text}");
        Reference::parse(text).map_err(|source| Failure::Reference {
            prefix: Some(prefix),
            source,
        })
    };
    let [list_text, rest @ ..] = args.images.as_slice() else {
        unreachable!("the number was checked")
    };
    let list = parse("manifest list", list_text)?;
    let access = RegistryAccess {
        insecure: args.insecure.is_on(),
        retry: &args.retry,
        registry: &args.registry,
    };
    let store = DraftStore::open(context, &args.stage, access)?;
    let Some(image_text) = rest.first() else {
        return annotate_list(&store, args, &list).await;
    };
    let edit = platform_edit(args, context)?;
    let no_entry = |has_draft| Failure::NoEntry {
        image: image_text.clone(),
        list: list_text.clone(),
        lookup: DraftLookup {
            list: list.clone().into(),
            has_draft,
            searched: store.place(),
        },
    };
    let mut changed = None;
    let mut annotate = |entry: &mut Entry| {
        entry.annotate(&edit)?;
        changed = Some(entry.clone());
        Ok(())
    };
    let is_digest = image_text.parse::<manifest_core::Digest>().is_ok();
    let image = parse("manifest", image_text);
    // By its reference, an image is found even among damaged entries.
    let is_done = match &image {
        Ok(image) if !is_digest => store.update_entry(&list, image, &mut annotate).await?,
        _ => false,
    };
    if !is_done {
        // A malformed name gets Docker's error.
        let is_on_disk = manifest_layout::Location::parse(image_text).is_some();
        if !is_digest && !is_on_disk && NamedPlatform::parse_any(image_text).is_err() {
            image?;
        }
        let draft = store.load(&list).await?.ok_or_else(|| no_entry(false))?;
        let found = select::one(&draft, image_text, context.current_dir().ok().as_deref())?;
        let reference = found.ok_or_else(|| no_entry(true))?.reference.clone();
        if !store.update_entry(&list, &reference, &mut annotate).await? {
            return Err(no_entry(true));
        }
    }
    if let Some(entry) = changed.filter(|_| args.platform.is_none() && sets_platform(args)) {
        warn_of_unknown_platform(context, &entry);
    }
    if args.annotation.iter().any(|flag| !is_of_image(flag)) {
        annotate_list(&store, args, &list).await?;
    } else if edit.is_empty() {
        context.output.warning(
            "nothing was changed: no flag says what to change, such as --platform linux/arm64 or --arch arm64",
        );
    }
    Ok(())
}

/// Tells whether an annotation is for the named image, if there is one.
fn is_of_image(flag: &AnnotationFlag) -> bool {
    matches!(
        flag.on,
        AnnotationTarget::Unsaid | AnnotationTarget::Entry(None)
    )
}

fn sets_platform(args: &Args) -> bool {
    args.arch.is_some() || args.variant.is_some()
}

/// Warns of a platform that Docker stores unchanged and that no engine looks for.
fn warn_of_unknown_platform(context: &Context<'_>, entry: &Entry) {
    let Some(platform) = &entry.descriptor.platform else {
        return;
    };
    if let Err(error) = platform.check(&platform.to_string()) {
        let message = format!("no engine will select {}: {error}", entry.reference);
        context.output.warning(&message);
    }
}

/// Returns the edit of an entry that the flags describe.
fn platform_edit(args: &Args, context: &Context<'_>) -> Result<PlatformEdit, Failure> {
    let named = args.platform.as_deref().map(|text| {
        let parse = if args.force.is_on() {
            NamedPlatform::parse_any
        } else {
            NamedPlatform::parse
        };
        parse(text).map_err(Failure::from)
    });
    let named = named.transpose()?;
    if let Some((alias, named)) = named.as_ref().and_then(|n| Some((n.alias.as_ref()?, n))) {
        context
            .output
            .status(&format!("{alias} is {}", named.platform));
    }
    let all = |lists: &[CommaList]| lists.iter().flat_map(|list| list.0.clone()).collect();
    let annotations = args.annotation.iter().filter(|flag| is_of_image(flag));
    let edit = PlatformEdit {
        clear: args.clear.iter().map(|flag| flag.0).collect(),
        platform: named.map(|named| named.platform),
        is_forced: args.force.is_on(),
        os: args.os.clone(),
        architecture: args.arch.clone(),
        variant: args.variant.clone(),
        os_version: args.os_version.clone(),
        os_features: all(&args.os_features),
        features: all(&args.features),
        annotations: annotations
            .map(|flag| (flag.key.clone(), flag.value.clone()))
            .collect(),
    };
    let Some(field) = edit.contradiction() else {
        return Ok(edit);
    };
    Err(Failure::ConflictingFlags {
        first: "--platform",
        second: match field {
            Field::Os => "--os",
            Field::Variant => "--variant",
            Field::OsVersion => "--os-version",
            _ => "--arch",
        },
        reason: "they name different platforms",
    })
}

/// Changes the annotations of the list, and of all its images.
async fn annotate_list(
    store: &DraftStore<'_>,
    args: &Args,
    list: &Reference,
) -> Result<(), Failure> {
    let is_list_alone = args.images.len() == 1;
    let change = |existing: Option<&Draft>| {
        let Some(existing) = existing else {
            return Err(Failure::NoDraft {
                reference: Box::new(list.clone()),
                searched: store.place(),
            });
        };
        let mut draft = Draft::clone(existing);
        if is_list_alone && !args.clear.is_empty() {
            draft.settings.annotations.clear();
        }
        let flags = args
            .annotation
            .iter()
            .filter(|flag| is_list_alone || !is_of_image(flag));
        compose::annotate(&mut draft, flags)?;
        let put = draft.entries.iter().zip(&existing.entries);
        let put = put
            .filter(|(new, old)| new != old)
            .map(|(new, _)| new.clone());
        let change = Change {
            put: put.collect(),
            settings: Some(draft.settings).filter(|settings| *settings != existing.settings),
            ..Change::default()
        };
        Ok((change, ()))
    };
    store.update(list, Scope::Draft, change).await
}
