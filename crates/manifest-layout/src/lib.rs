//! Images on disk: OCI image layouts (OCI image specification, "Image Layout") as folders and as tar archives, and the archives
//! of `docker save`.
//!
//! | module | holds |
//! | --- | --- |
//! | `select` | choosing the image that a location names |
//! | [`referrers`] | the manifests that refer to others: signatures, attestations, SBOMs |
//! | [`layout`] | reading a layout: its images, manifests by descriptor, blobs |
//! | [`writer`] | writing a layout: blobs first, `index.json` last |
//! | `docker_save` | the manifests that an archive of `docker save` lacks, as `docker push` would write them |
//! | `files` | the files of a layout by name, in a folder or in an archive |
//! | `archive` | the offsets of files in a tar archive |
//! | [`location`] | locations on the command line: `oci-layout://dir:tag` |
//! | `image_names` | the annotations that name an image in `index.json` |
//! | [`error`], [`limits`] | errors and their hints; bounds on input |
//!
//! A layout on disk has `oci-layout` (its version), `index.json` (its images, by name) and `blobs/<algorithm>/<hex>`. A writer
//! holds a lock on `oci-layout`, and unfinished files have names with a leading dot.
//!
//! Deliberately absent: the network, asynchronous code, unpacking. An archive is read in place.

mod archive;
mod docker_save;
pub mod error;
mod files;
mod image_names;
pub mod layout;
pub mod limits;
pub mod location;
pub mod referrers;
mod select;
pub mod writer;

pub use error::{LayoutError, LocationError};
pub use layout::Layout;
pub use location::{ImageSelector, Location, LocationKind};
pub use referrers::{Referrer, Relation};
pub use writer::{BlobWriter, LayoutWriter};
