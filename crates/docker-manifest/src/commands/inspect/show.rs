//! The forms that Docker's command does not have.

use manifest_core::limits::CONFIG_BYTES;
use manifest_core::manifest::ImageManifest;
use manifest_core::{Content, Digest, Draft, Manifest, Reference};

use super::args::Args;
use super::details::{self, Configs};
use super::flags::{EngineFlag, Form};
use super::target::Target;
use super::{attestations, imagetools, live, lookup};
use crate::context::Context;
use crate::failure::{Failure, InspectError};
use crate::go_template::GoTemplate;
use crate::output::Output;
use crate::terminal::Terminal;
use crate::view::{Layout, ManifestView, Origin};

/// The fields in templates that need the entries' own manifests.
const DETAIL_FIELDS: &[&str] = &["CompressedSize", CREATED_FIELD, "PredicateTypes"];

/// The field in templates that may need the entries' configurations.
const CREATED_FIELD: &str = "Created";

/// The fields in templates that need the registry's state under a draft's name.
const LIVE_FIELDS: &[&str] = &["Live", "Change", "Replaces"];

/// The fields whose JSON needs all of that.
const DEEP_FIELDS: &[&str] = &["Manifest", "Manifests", "Live"];

/// Shows a manifest in a form that Docker's command does not have.
///
/// # Errors
/// Fails if there is no such manifest, or a part of it that was asked for cannot be read.
pub(super) async fn run(context: &Context<'_>, args: &Args, form: &Form) -> Result<(), Failure> {
    let mut target = match digest_only(context, args, form).await? {
        Some(DigestOf::Registry(digest)) => {
            let message = format!("{} is in the registry", args.images[0]);
            context.output.status(&message);
            return Ok(context.output.result(digest.as_str())?);
        }
        Some(DigestOf::Draft(draft)) => Target::of_draft(context, args, *draft)?,
        None => Target::find(context, args).await?,
    };
    let mut list = None;
    if let Some(EngineFlag(engine)) = &args.platform {
        (target, list) = target.choose(engine, context.output).await?;
    } else if needs_one_image(args) && target.manifest.media_type().is_list() {
        list = Some(target.manifest.clone());
        target = target.only_image().await?;
    }
    let output = context.output;
    match form {
        Form::Raw => {
            report(context, &target).await;
            Ok(output.bytes(target.manifest.bytes())?)
        }
        Form::Digest => {
            report(context, &target).await;
            Ok(output.result(target.manifest.digest().as_str())?)
        }
        Form::Config => {
            let image = target.image()?;
            let digest = target.manifest.digest();
            let bytes = target.reader.config_bytes(digest, image).await?;
            let bytes = bytes.ok_or_else(|| target.only_in_registry())?;
            report(context, &target).await;
            Ok(output.bytes(&bytes)?)
        }
        Form::Table | Form::Docker => {
            let view = view(context, args, &target, list.as_ref(), Depth::all(args)).await?;
            live::report(context, &target, view.live.as_ref());
            hint_at_ages(context, args, &view);
            let layout = Layout {
                terminal: Terminal::of(context.environment()),
                now: context.now(),
            };
            Ok(output.styled(&view.to_table(&layout))?)
        }
        Form::Json => {
            let view = view(context, args, &target, list.as_ref(), Depth::all(args)).await?;
            live::report(context, &target, view.live.as_ref());
            let json = serde_json::to_string_pretty(&view).map_err(std::io::Error::from)?;
            Ok(output.result(json)?)
        }
        Form::Template(template) => {
            let depth = Depth::of(template, args);
            let view = view(context, args, &target, list.as_ref(), depth).await?;
            live::report(context, &target, view.live.as_ref());
            let text = render(template, &view, &target, list.as_ref(), output).await?;
            Ok(output.result(text)?)
        }
    }
}

/// The source of a digest that is asked for alone.
enum DigestOf {
    /// The digest that the registry states.
    Registry(Digest),
    /// The draft.
    Draft(Box<Draft>),
}

/// Returns the draft, or the digest that the registry states, by HEAD, if nothing but the digest is asked for.
async fn digest_only(
    context: &Context<'_>,
    args: &Args,
    form: &Form,
) -> Result<Option<DigestOf>, Failure> {
    let is_simple = *form == Form::Digest && args.platform.is_none() && !needs_one_image(args);
    let [text] = args.images.as_slice() else {
        return Ok(None);
    };
    let Ok(image) = Reference::parse(text) else {
        return Ok(None);
    };
    let is_elsewhere = manifest_layout::Location::parse(text).is_some() || args.local.is_on();
    if !is_simple || is_elsewhere {
        return Ok(None);
    }
    if !args.remote.is_on()
        && let Some(draft) = args.drafts(context)?.load(&image).await?
    {
        return Ok(Some(DigestOf::Draft(draft.into())));
    }
    let Some(client) = lookup::client(context, args, None)? else {
        return Ok(None);
    };
    // If there is none, the GET that follows has the registry's reasons.
    let digest = client.manifest_digest(&image).await?;
    Ok(digest.map(DigestOf::Registry))
}

/// Tells whether a part of one image is asked for. Attestations are shown for all images of a list.
fn needs_one_image(args: &Args) -> bool {
    [args.config, args.layers, args.history]
        .iter()
        .any(|flag| flag.is_on())
}

async fn report(context: &Context<'_>, target: &Target) {
    let live = match &target.draft {
        Some(draft) => {
            Some(live::digest(target.reader.client(), draft, target.manifest.digest()).await)
        }
        None => None,
    };
    live::report(context, target, live.as_ref());
}

/// Says how to find out the ages of a list's images that the table does not have.
fn hint_at_ages(context: &Context<'_>, args: &Args, view: &ManifestView) {
    let images = view.manifests.iter().filter(|child| child.is_image());
    let ageless = images.filter(|image| image.compressed_size.is_some() && image.created.is_none());
    let count = ageless.count();
    if view.origin == Origin::Registry && count > 0 && !args.deep.is_on() {
        let images = if count == 1 {
            "1 image".to_owned()
        } else {
            format!("{count} images")
        };
        context.output.hint(&format!(
            "no annotation states the age of {images}; `--deep` reads it from their configurations"
        ));
    }
}

/// The parts of a model that need more requests.
#[derive(Clone, Copy, Debug)]
struct Depth {
    details: bool,
    configs: Configs,
    live: bool,
}

impl Depth {
    fn all(args: &Args) -> Self {
        Self {
            details: true,
            configs: match args.deep.is_on() {
                true => Configs::All,
                false => Configs::InOneRound,
            },
            live: true,
        }
    }

    /// A template that names the time of a build gets it, whatever that takes.
    fn of(template: &GoTemplate, args: &Args) -> Self {
        let has = |fields: &[&str]| fields.iter().any(|field| template.has_field(field));
        let is_whole = template
            .renders_json_of(|field| field.is_none_or(|field| DEEP_FIELDS.contains(&field)));
        Self {
            details: has(DETAIL_FIELDS) || is_whole,
            configs: match template.has_field(CREATED_FIELD) {
                true => Configs::All,
                false => Self::all(args).configs,
            },
            live: has(LIVE_FIELDS) || is_whole,
        }
    }
}

/// Builds the model. `list` is the list that the image was chosen from.
async fn view(
    context: &Context<'_>,
    args: &Args,
    target: &Target,
    list: Option<&Manifest>,
    depth: Depth,
) -> Result<ManifestView, Failure> {
    let Target {
        name,
        origin,
        manifest,
        reader,
        draft,
        selection,
    } = target;
    let mut view = ManifestView::of(name.clone(), *origin, manifest);
    view.selection.clone_from(selection);
    view.shows_layers = args.layers.is_on();
    if let Some(draft) = draft {
        view.add_draft(draft);
    }
    let client = reader.client();
    let live = async {
        match (draft, client) {
            (Some(draft), Some(client)) if depth.live => {
                Some(live::manifest(client, draft, manifest).await)
            }
            _ => None,
        }
    };
    let details = async {
        match manifest.content() {
            Content::List(list) if depth.details => {
                let details = details::read(reader, list, depth.configs, context.output);
                details.await.map(Some)
            }
            _ => Ok(None),
        }
    };
    let (live, details) = tokio::join!(live, details);
    if let Some(details) = details? {
        view.add_details(&details);
    }
    match (draft, live) {
        (Some(_), Some(Ok(live))) => view.add_live(live.as_ref()),
        (Some(_), Some(Err(unknown))) => view.live = Some(unknown),
        (Some(draft), None) => {
            view.live = Some(live::digest(client, draft, manifest.digest()).await);
        }
        (None, _) => {}
    }
    if let Content::Image(image) = manifest.content() {
        add_config(args, target, image, depth, &mut view).await?;
    }
    if args.attestations.is_on() {
        if list.is_none() && matches!(manifest.content(), Content::Image(_)) {
            context.output.hint(
                "attestations are in the list of their image: name the list, and choose the image with `--platform`",
            );
        }
        let attestations = attestations::read_for(target, list, context.output);
        view.attestations = Some(attestations.await?);
    }
    Ok(view)
}

/// Adds what the configuration of an image states.
async fn add_config(
    args: &Args,
    target: &Target,
    image: &ImageManifest,
    depth: Depth,
    view: &mut ManifestView,
) -> Result<(), Failure> {
    let is_wanted = args.config.is_on() || args.history.is_on();
    let is_readable = image.is_image() && depth.details && image.config.size <= CONFIG_BYTES as u64;
    if !is_wanted && !is_readable {
        return Ok(());
    }
    let digest = target.manifest.digest();
    let Some(config) = target.reader.config(digest, image).await? else {
        return match is_wanted {
            true => Err(target.only_in_registry().into()),
            false => Ok(()),
        };
    };
    view.add_config(&config);
    if args.config.is_on() {
        view.configuration = Some(config.json().clone());
    }
    if args.history.is_on() {
        view.history = Some(config.history(&view.layers));
    }
    Ok(())
}

/// Renders a template, which also has the fields of BuildKit's `imagetools inspect`.
async fn render(
    template: &GoTemplate,
    view: &ManifestView,
    target: &Target,
    list: Option<&Manifest>,
    output: &Output,
) -> Result<String, Failure> {
    let mut data = view.to_json();
    if let Some(fields) = data.as_object_mut() {
        imagetools::add(template, target, list, fields, output).await?;
    }
    let text = template.render(&data).map_err(InspectError::Template)?;
    Ok(text)
}

impl Target {
    /// Returns the image.
    fn image(&self) -> Result<&ImageManifest, Failure> {
        match self.manifest.content() {
            Content::Image(image) => Ok(image),
            Content::List(_) => Err(self.several_images(Vec::new()).into()),
        }
    }

    /// Replaces a list by its only image.
    ///
    /// # Errors
    /// Fails if it has none or several.
    async fn only_image(self) -> Result<Self, Failure> {
        let Content::List(list) = self.manifest.content() else {
            return Ok(self);
        };
        let images: Vec<_> = list
            .manifests
            .iter()
            .filter(|entry| entry.is_image())
            .collect();
        let [image] = images.as_slice() else {
            let platforms = images.iter().filter_map(|image| image.platform.as_ref());
            let platforms = platforms.map(ToString::to_string).collect();
            return Err(self.several_images(platforms).into());
        };
        let name = self.reader.name_of(&self.name, &image.digest);
        let Some(manifest) = self.reader.manifest(image).await? else {
            return Err(InspectError::OnlyInRegistry { name }.into());
        };
        Ok(Self {
            name,
            manifest,
            draft: None,
            ..self
        })
    }

    fn several_images(&self, platforms: Vec<String>) -> InspectError {
        InspectError::NeedsOneImage {
            image: self.name.clone(),
            platforms,
        }
    }

    fn only_in_registry(&self) -> InspectError {
        InspectError::OnlyInRegistry {
            name: self.name.clone(),
        }
    }
}
