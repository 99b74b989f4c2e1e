//! The background writer: a thousand small files take longer to write than the requests for their content.

use std::collections::HashMap;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use super::folder::CacheFolder;

/// The most bytes in the queue. If the disk is slower than the network, the work waits for it, so that memory stays bounded.
const QUEUE_BYTES: usize = 4 * 1024 * 1024;

/// Writes files to a folder in the background. Dropping it waits until all are written.
#[derive(Debug)]
pub(super) struct CacheWriter {
    pub(super) folder: Arc<CacheFolder>,
    queue: Arc<Mutex<Queue>>,
    /// Started with the first file. `None` if no thread can be started.
    thread: Mutex<Option<Thread>>,
}

/// The files that wait to be written.
#[derive(Debug, Default)]
struct Queue {
    files: HashMap<String, Arc<[u8]>>,
    bytes: usize,
}

#[derive(Debug)]
struct Thread {
    names: Sender<String>,
    handle: JoinHandle<()>,
}

impl CacheWriter {
    pub(super) fn new(folder: CacheFolder) -> Self {
        Self {
            folder: Arc::new(folder),
            queue: Arc::default(),
            thread: Mutex::default(),
        }
    }

    /// Returns a file, written or not yet.
    pub(super) fn read(&self, name: &str, limit: usize) -> Option<Vec<u8>> {
        let waiting = lock(&self.queue).files.get(name).cloned();
        match waiting {
            Some(bytes) => (bytes.len() <= limit).then(|| bytes.to_vec()),
            None => self.folder.read(name, limit),
        }
    }

    /// Queues a file to be written.
    pub(super) fn write(&self, name: String, bytes: &[u8]) {
        let is_taken = {
            let mut queue = lock(&self.queue);
            let fits = queue.bytes + bytes.len() <= QUEUE_BYTES;
            if fits && queue.files.insert(name.clone(), bytes.into()).is_none() {
                queue.bytes += bytes.len();
            }
            fits
        };
        if !is_taken || !self.notify(&name) {
            self.folder.write(&name, bytes);
            lock(&self.queue).remove(&name);
        }
    }

    /// Waits until all files are written.
    pub(super) fn finish(&self) {
        if let Some(Thread { names, handle }) = lock(&self.thread).take() {
            drop(names);
            let _ = handle.join();
        }
    }

    /// Tells the thread about a queued file. `false` if there is no thread.
    fn notify(&self, name: &str) -> bool {
        let mut thread = lock(&self.thread);
        if thread.is_none() {
            *thread = self.start();
        }
        let thread = thread.as_ref();
        thread.is_some_and(|thread| thread.names.send(name.to_owned()).is_ok())
    }

    fn start(&self) -> Option<Thread> {
        let (names, received) = mpsc::channel::<String>();
        let (folder, queue) = (self.folder.clone(), self.queue.clone());
        let work = move || {
            for name in received {
                let bytes = lock(&queue).files.get(&name).cloned();
                if let Some(bytes) = bytes {
                    folder.write(&name, &bytes);
                }
                lock(&queue).remove(&name);
            }
        };
        let handle = thread::Builder::new().spawn(work).ok()?;
        Some(Thread { names, handle })
    }
}

impl Drop for CacheWriter {
    fn drop(&mut self) {
        self.finish();
    }
}

impl Queue {
    fn remove(&mut self, name: &str) {
        if let Some(bytes) = self.files.remove(name) {
            self.bytes -= bytes.len();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
