//! The context that every publication needs.

use manifest_registry::Client;

use crate::context::Context;
use crate::flags::PublishFlags;

/// The client, the flags and the context of a publication.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Publisher<'a> {
    /// The context of the command.
    pub(crate) context: &'a Context<'a>,
    /// The registry client.
    pub(crate) client: &'a Client,
    /// The flags of the command.
    pub(crate) flags: &'a PublishFlags,
}

impl Publisher<'_> {
    /// Reports progress that needs no action, unless `--quiet` is given.
    pub(super) fn status(&self, line: &str) {
        self.flags.status(line, self.context.output);
    }

    /// Warns of a possible mistake of the user.
    pub(super) fn warn(&self, message: &str) {
        self.context.output.warning(message);
    }
}
