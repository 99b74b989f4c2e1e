//! Files that are written beside the work, by a thread of its own: a thousand small ones take longer than the requests for what
//! is in them.

use std::collections::HashMap;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use super::Drawer;

/// How much may wait to be written, in bytes. Where the disk is slower than the network the work waits for it, so that memory
/// stays bounded.
const DESK_BYTES: usize = 4 * 1024 * 1024;

/// Puts files into a drawer. Dropped, it waits until all are there.
#[derive(Debug)]
pub(super) struct Clerk {
    pub(super) drawer: Arc<Drawer>,
    desk: Arc<Mutex<Desk>>,
    /// Made with the first file. Nothing where there cannot be one.
    thread: Mutex<Option<Thread>>,
}

/// What is to be written.
#[derive(Debug, Default)]
struct Desk {
    files: HashMap<String, Arc<[u8]>>,
    bytes: usize,
}

#[derive(Debug)]
struct Thread {
    names: Sender<String>,
    handle: JoinHandle<()>,
}

impl Clerk {
    pub(super) fn new(drawer: Drawer) -> Self {
        Self {
            drawer: Arc::new(drawer),
            desk: Arc::default(),
            thread: Mutex::default(),
        }
    }

    /// Returns a file, written or not yet.
    pub(super) fn read(&self, name: &str, limit: usize) -> Option<Vec<u8>> {
        let waiting = locked(&self.desk).files.get(name).cloned();
        match waiting {
            Some(bytes) => (bytes.len() <= limit).then(|| bytes.to_vec()),
            None => self.drawer.read(name, limit),
        }
    }

    /// Takes a file, which is written soon.
    pub(super) fn write(&self, name: String, bytes: &[u8]) {
        let is_taken = {
            let mut desk = locked(&self.desk);
            let fits = desk.bytes + bytes.len() <= DESK_BYTES;
            if fits && desk.files.insert(name.clone(), bytes.into()).is_none() {
                desk.bytes += bytes.len();
            }
            fits
        };
        if !is_taken || !self.tell(&name) {
            self.drawer.write(&name, bytes);
            locked(&self.desk).take_away(&name);
        }
    }

    /// Waits until all is written.
    pub(super) fn finish(&self) {
        if let Some(Thread { names, handle }) = locked(&self.thread).take() {
            drop(names);
            let _ = handle.join();
        }
    }

    /// Tells the thread what to write next. `false` where there is none.
    fn tell(&self, name: &str) -> bool {
        let mut thread = locked(&self.thread);
        if thread.is_none() {
            *thread = self.start();
        }
        let thread = thread.as_ref();
        thread.is_some_and(|thread| thread.names.send(name.to_owned()).is_ok())
    }

    fn start(&self) -> Option<Thread> {
        let (names, told) = mpsc::channel::<String>();
        let (drawer, desk) = (self.drawer.clone(), self.desk.clone());
        let work = move || {
            for name in told {
                let bytes = locked(&desk).files.get(&name).cloned();
                if let Some(bytes) = bytes {
                    drawer.write(&name, &bytes);
                }
                locked(&desk).take_away(&name);
            }
        };
        let handle = thread::Builder::new().spawn(work).ok()?;
        Some(Thread { names, handle })
    }
}

impl Drop for Clerk {
    fn drop(&mut self) {
        self.finish();
    }
}

impl Desk {
    fn take_away(&mut self, name: &str) {
        if let Some(bytes) = self.files.remove(name) {
            self.bytes -= bytes.len();
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
