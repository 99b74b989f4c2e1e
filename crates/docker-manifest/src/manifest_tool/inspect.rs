//! `inspect`: an image or a list in a registry, as lines or as JSON.
//!
//! | module | holds |
//! | --- | --- |
//! | `text` | the lines |
//! | `raw` | the JSON |
//! | `found` | the manifests and configurations that are shown |

mod found;
mod raw;
mod text;

use manifest_core::Reference;

use super::command_line::{Form, InspectArgs};
use super::connection::Connection;
use crate::context::Context;
use crate::failure::{Failure, ManifestToolError};
use crate::flags::has_tag;
use crate::terminal::Terminal;
use found::Found;

/// Reads the manifest with everything that is shown of it, and prints it.
pub(super) async fn run(
    context: &Context<'_>,
    connection: &Connection,
    args: &InspectArgs,
) -> Result<(), Failure> {
    let image = parse(&args.name)?;
    let client = connection.reader(context, &image)?;
    let found = Found::read(&client, &image).await?;
    match args.form {
        Form::Text => {
            let terminal = Terminal::of(context.environment());
            let text = text::render(&args.name, &found, terminal);
            Ok(context.output.styled(&text)?)
        }
        Form::Raw => Ok(context.output.result(raw::render(&args.name, &found))?),
        Form::RawWithConfig => {
            let json = raw::render_with_config(&args.name, &found);
            Ok(context.output.result(json)?)
        }
    }
}

/// Parses the name of an image. It has to have a tag or a digest.
fn parse(name: &str) -> Result<Reference, Failure> {
    let image = Reference::parse(name).map_err(|source| Failure::Reference {
        prefix: Some("error parsing image reference".to_owned()),
        source,
    })?;
    if has_tag(name) || image.digest().is_some() {
        return Ok(image);
    }
    Err(ManifestToolError::NoTag { image }.into())
}
