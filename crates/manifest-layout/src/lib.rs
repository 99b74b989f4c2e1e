//! Images on disk: OCI image layouts (OCI image specification, "Image Layout") as folders and as tar archives, and the
//! archives of `docker save`.
//!
//! | module | holds |
//! | --- | --- |
//! | [`location`] | where an image is, as a user names it: `oci-layout://dir:tag` |
//! | [`layout`] | reading a layout: its images, manifests by descriptor, blobs |
//! | `select` | which image of a layout a location names |
//! | [`referrers`] | the manifests that refer to others: signatures, attestations, SBOMs |
//! | [`writer`] | writing a layout: blobs first, `index.json` last |
//! | `docker_save` | the manifests that an archive of `docker save` lacks, as `docker push` would write them |
//! | `files` | the files of a layout by name, in a folder or in an archive |
//! | `archive` | the offsets of files in a tar archive |
//! | `image_names` | the annotations that name an image in `index.json` |
//! | [`error`], [`limits`] | errors and their hints; bounds on input |
//!
//! On disk a layout is: `oci-layout` (its version), `index.json` (what it holds, by name), `blobs/<algorithm>/<hex>`. While a
//! layout is written a lock is held on `oci-layout`, and files that are not whole yet have names with a dot in front.
//!
//! Deliberately absent: the network, asynchronous code, unpacking. An archive is read where it lies.

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
