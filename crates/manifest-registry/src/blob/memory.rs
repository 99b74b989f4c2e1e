//! Blobs in memory.

use std::fmt;
use std::io::{Cursor, Read};

use bytes::Bytes;
use manifest_core::Descriptor;

use crate::blob::local::LocalBlobs;

/// The bytes of one blob.
pub(crate) struct MemoryBlob(pub(crate) Bytes);

impl fmt::Debug for MemoryBlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryBlob")
    }
}

impl LocalBlobs for MemoryBlob {
    fn location(&self) -> String {
        "memory".to_owned()
    }

    fn open(&self, _: &Descriptor) -> Result<Box<dyn Read + Send>, String> {
        Ok(Box::new(Cursor::new(self.0.clone())))
    }
}
