//! Programs that are ended by signals.

use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Once, mpsc};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// The signals that ask a program to end.
pub(crate) const SIGNALS: [Signal; 2] = [Signal::INT, Signal::TERM];

/// The time limit for ending after an interruption: a busy machine takes that long to end a process.
const AT_ONCE: Duration = Duration::from_secs(5);

/// Starts a program whose output is captured, and that heeds Ctrl-C.
pub(crate) fn spawn(command: &mut Command) -> Child {
    heed_interrupts();
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Installs a signal handler. A script's background jobs ignore Ctrl-C, and so do all their children, perhaps including these
/// tests. Programs do not inherit handlers, so they react as on a terminal.
fn heed_interrupts() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let always = Arc::new(AtomicBool::new(true));
        let signal = Signal::INT.as_raw();
        signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, always).unwrap();
    });
}

/// Sends a signal to the process alone.
pub(crate) fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// Waits until a program ends that was sent a signal, which must be soon.
pub(crate) fn ends_soon(child: Child, moment: &str) -> Output {
    let process = Pid::from_child(&child);
    let (ended, end) = mpsc::channel();
    std::thread::spawn(move || ended.send(child.wait_with_output()));
    let Ok(output) = end.recv_timeout(AT_ONCE) else {
        let _ = kill_process(process, Signal::KILL);
        panic!("a signal during {moment}: it goes on");
    };
    output.unwrap()
}
