//! Running a program, with the time that it takes and the memory that it has at most.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often a program's memory is looked at. Linux keeps the peak; only what comes after the last look is missed. To look more
/// often would slow down what is measured.
const LOOK: Duration = Duration::from_millis(5);

/// What a program took.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Measured {
    pub(super) wall: Duration,
    /// The most memory that it had at once, in KiB; 0 where the system does not tell.
    pub(super) peak_kib: u64,
}

impl Measured {
    /// Adds a program that ran afterwards.
    pub(super) fn then(self, next: Self) -> Self {
        Self {
            wall: self.wall + next.wall,
            peak_kib: self.peak_kib.max(next.peak_kib),
        }
    }

    pub(super) fn peak_mb(self) -> f64 {
        self.peak_kib as f64 / 1000.0 * 1.024
    }
}

/// Returns the one in the middle by time, and sorts them.
pub(super) fn median(runs: &mut [Measured]) -> Measured {
    runs.sort_by_key(|run| run.wall);
    runs.get(runs.len() / 2).copied().unwrap_or_default()
}

/// Runs a program to its end. It has to succeed.
pub(super) fn measure(mut command: Command) -> Result<Measured, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let start = Instant::now();
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot run {name}: {error}"))?;
    let status_file = format!("/proc/{}/status", child.id());
    let ended = AtomicBool::new(false);
    let (output, wall, peak_kib) = std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut peak = 0;
            while !ended.load(Ordering::Relaxed) {
                peak = peak.max(peak_of(Path::new(&status_file)).unwrap_or(0));
                std::thread::sleep(LOOK);
            }
            peak
        });
        let output = child.wait_with_output();
        let wall = start.elapsed();
        ended.store(true, Ordering::Relaxed);
        (output, wall, watch.join().unwrap_or(0))
    });
    let output = output.map_err(|error| format!("cannot wait for {name}: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{name}: {}: {}", output.status, said.trim()));
    }
    Ok(Measured { wall, peak_kib })
}

/// Reads the peak of a process's resident memory (`VmHWM` in `proc_pid_status(5)`), in KiB.
fn peak_of(status: &Path) -> Option<u64> {
    let text = std::fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
