//! The manifests that were read a moment ago, so that a push need not ask whether they exist.

use std::collections::HashMap;

use manifest_core::Digest;
use manifest_core::reference::Repository;
use tokio::time::Instant;

use crate::limits::READ_FRESHNESS;

/// The number of reads from which outdated ones are dropped.
const MANY_READS: usize = 1024;

/// The manifests that were read from their repository, and when.
#[derive(Debug, Default)]
pub(super) struct RecentReads {
    reads: HashMap<(Repository, Digest), Instant>,
    /// The number of reads that were left when outdated ones were last dropped.
    left: usize,
}

impl RecentReads {
    /// Returns whether the manifest was read less than [`READ_FRESHNESS`] ago.
    pub(super) fn has(&self, repository: &Repository, digest: &Digest) -> bool {
        let read = self.reads.get(&(repository.clone(), digest.clone()));
        read.is_some_and(|read| read.elapsed() < READ_FRESHNESS)
    }

    /// Records a read. A run that reads a hundred thousand manifests keeps those of the last seconds only.
    pub(super) fn insert(&mut self, repository: Repository, digest: Digest) {
        if self.reads.len() >= MANY_READS.max(2 * self.left) {
            self.reads.retain(|_, read| read.elapsed() < READ_FRESHNESS);
            self.left = self.reads.len();
        }
        self.reads.insert((repository, digest), Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use manifest_core::Reference;

    use super::*;

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn outdated_reads_are_dropped() {
        let repository = Reference::parse("r.io/a").unwrap().repository().clone();
        let digest = |number: usize| Digest::sha256(&number.to_ne_bytes());
        let mut reads = RecentReads::default();
        for number in 0..10 * MANY_READS {
            if number % MANY_READS == 0 {
                tokio::time::advance(READ_FRESHNESS).await;
            }
            reads.insert(repository.clone(), digest(number));
            assert!(reads.has(&repository, &digest(number)));
        }
        assert!(!reads.has(&repository, &digest(0)));
        assert!(reads.reads.len() <= 2 * MANY_READS);
    }
}
