//! The context that every publication needs.

use std::cell::Cell;

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
    /// Becomes `true` before the first tag is written.
    pub(crate) writes_tags: Option<&'a Cell<bool>>,
}

impl<'a> Publisher<'a> {
    /// Creates the context of a publication.
    pub(crate) fn new(
        context: &'a Context<'a>,
        client: &'a Client,
        flags: &'a PublishFlags,
    ) -> Self {
        Self {
            context,
            client,
            flags,
            writes_tags: None,
        }
    }

    /// Tells the caller that tags are written next.
    pub(super) fn announce_tags(&self) {
        if let Some(writes_tags) = self.writes_tags {
            writes_tags.set(true);
        }
    }

    /// Reports progress that needs no action, unless `--quiet` is given.
    pub(super) fn status(&self, line: &str) {
        self.flags.status(line, self.context.output);
    }

    /// Warns of a possible mistake of the user.
    pub(super) fn warn(&self, message: &str) {
        self.context.output.warning(message);
    }
}
