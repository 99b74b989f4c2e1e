//! `inspect`: shows a draft, an entry of one, or a manifest in a registry or layout.
//!
//! | module | holds |
//! | --- | --- |
//! | `docker` | the output of Docker's command, which is the default |
//! | `form` | the form of the output |
//! | `target` | the manifest that is shown, and the place that it is read from |
//! | `reader` | reads of children and blobs from that place |
//! | `platform` | `--platform`: the choice of an engine |
//! | `details` | the properties of entries that their own manifests state |
//! | `attestations` | the statements about images |
//! | `live` | the registry's state under the name of a draft |
//! | `show` | the forms that Docker's command does not have |
//! | `limits` | bounds |

use crate::context::Context;
use crate::failure::Failure;
use crate::flags::{HelpFlag, MirrorFlags, RegistryFlags, RetryFlags};
use crate::values::Switch;

mod attestations;
mod details;
mod docker;
mod form;
mod limits;
mod live;
mod platform;
mod reader;
mod show;
mod target;

use form::{Form, FormatFlag};
use platform::EngineFlag;

/// Display an image manifest, or manifest list
#[derive(Debug, clap::Args)]
#[command(override_usage = "inspect [OPTIONS] [MANIFEST_LIST] MANIFEST")]
pub struct Args {
    #[command(flatten)]
    pub(crate) help: HelpFlag,
    /// Allow communication with an insecure registry
    #[arg(long)]
    insecure: Switch,
    #[command(flatten)]
    retry: RetryFlags,
    #[command(flatten)]
    registry: RegistryFlags,
    #[command(flatten)]
    mirrors: MirrorFlags,
    /// Output additional info including layers and platform
    #[arg(short, long)]
    verbose: Switch,
    /// Output form: table, json, raw, docker, or a Go template
    #[arg(long, value_name = "string", help_heading = "Output options")]
    format: Option<FormatFlag>,
    /// Output the exact bytes of the manifest, as --format raw does
    #[arg(long, help_heading = "Output options")]
    raw: Switch,
    /// Output the digest only
    #[arg(long, help_heading = "Output options")]
    digest: Switch,
    /// Output the image that an engine on this platform would run
    #[arg(long, value_name = "os/arch", help_heading = "Output options")]
    platform: Option<EngineFlag>,
    /// Output the configuration of the image
    #[arg(long, help_heading = "Output options")]
    config: Switch,
    /// Output the layers of the image
    #[arg(long, help_heading = "Output options")]
    layers: Switch,
    /// Output the steps that built the image
    #[arg(long, help_heading = "Output options")]
    history: Switch,
    /// Output the SBOM and provenance attestations
    #[arg(long, help_heading = "Output options")]
    attestations: Switch,
    /// Show the draft only, and ask no registry
    #[arg(long, help_heading = "Output options")]
    local: Switch,
    /// Show the registry's manifest, even if there is a draft
    #[arg(long, help_heading = "Output options")]
    remote: Switch,
    #[arg(value_name = "[MANIFEST_LIST] MANIFEST", hide = true)]
    pub(crate) images: Vec<String>,
}

/// Shows an entry of a draft if two references are given; else the draft of that name, or the manifest in the registry.
pub(crate) async fn run(context: &Context<'_>, args: &Args) -> Result<(), Failure> {
    match Form::choose(context, args)? {
        Form::Docker => docker::run(context, args).await,
        form => show::run(context, args, &form).await,
    }
}
