//! The surroundings of everything that is published.

use manifest_registry::Client;

use crate::context::Context;
use crate::flags::PublishFlags;

/// Publishes as the flags say. Carries the client and the command's context along.
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
    /// Reports progress that nobody has to act on, unless `--quiet` is given.
    pub(super) fn status(&self, line: &str) {
        self.flags.status(line, self.context.output);
    }

    /// Warns of something that the user may not have meant.
    pub(super) fn warn(&self, message: &str) {
        self.context.output.warning(message);
    }
}
