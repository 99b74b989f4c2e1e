//! Images on disk: OCI image layouts (OCI image specification, "Image Layout") as folders and as tar archives, and the
//! archives of `docker save`.
//!
//! | module | holds |
//! | --- | --- |
//! | [`location`] | where an image is, as a user names it: `oci-layout://dir:tag` |
//! | [`layout`] | reading: what a name leads to, manifests, blobs |
//! | `place` | a file of a layout by its name, in a folder or in an archive |
//! | `archive` | where the files of a tar archive begin |
//! | `docker_save` | the manifests that archives of `docker save` do not have, and would have in a registry |
//! | [`referrers`] | what refers to manifests |
//! | [`writer`] | writing a layout: blobs first, `index.json` last |
//! | [`error`], [`limits`] | what can be wrong; bounds on what is read |
//!
//! On disk a layout is: `oci-layout` (its version), `index.json` (what it holds, by name), `blobs/<algorithm>/<hex>`. While a
//! layout is written a lock is held on `oci-layout`, and files that are not whole yet have names with a dot in front.
//!
//! Deliberately absent: the network, asynchronous code, unpacking. An archive is read where it lies.

mod archive;
mod docker_save;
pub mod error;
pub mod layout;
pub mod limits;
pub mod location;
mod place;
pub mod referrers;
pub mod writer;

pub use error::{LayoutError, LocationError};
pub use layout::Layout;
pub use location::{ImageSelector, Location, LocationKind};
pub use referrers::{Referrer, Relation};
pub use writer::{BlobWriter, LayoutWriter};
