//! The tags that cosign makes, which may have more in the target than in the source.

use manifest_core::referrers::{Overlap, overlap};

use crate::error::RegistryError;
use crate::http::Attempts;
use crate::publish::child::Child;
use crate::publish::push::Push;

impl Push<'_> {
    /// Looks what the target has under the tag of a child, where that is something else. Returns whether the child is in that.
    ///
    /// # Errors
    /// [`RegistryError::SignaturesDiffer`] where something would be lost if the tag were written.
    pub(crate) async fn is_in_target_tag(&self, child: &Child) -> Result<bool, RegistryError> {
        let name = child.name_in(self.target);
        let there = match self
            .client
            .manifest_from_registry(&name, &Attempts::default())
            .await
        {
            Ok(manifest) => manifest,
            Err(error) if error.is_not_found() => return Ok(false),
            Err(error) => return Err(error),
        };
        match overlap(child.manifest(), &there) {
            Overlap::Keep => return Ok(true),
            Overlap::Replace => return Ok(false),
            Overlap::Conflict => {}
        }
        Err(RegistryError::SignaturesDiffer {
            reference: Box::new(name),
            found: there.digest().clone(),
            source_digest: child.digest().clone(),
            place: child.blob_place(),
        })
    }
}
