//! Running a program and measuring its time, its processor time and its peak memory.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The interval at which a program's memory is read. Linux keeps the peak, so only growth after the last reading is missed. A
/// shorter interval would slow down the program.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// The length of a tick in Linux's process statistics. `USER_HZ` is 100 on every architecture that this runs on.
const TICK: Duration = Duration::from_millis(10);

/// The resources that a program used.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Measurement {
    pub(super) wall: Duration,
    /// Processor time of all its threads, in steps of 10 ms; 0 if the system does not report it.
    pub(super) cpu: Duration,
    /// Peak of its resident memory, in KiB; 0 if the system does not report it.
    pub(super) peak_kib: u64,
}

impl Measurement {
    /// Adds the measurement of a program that ran afterwards.
    pub(super) fn then(self, next: Self) -> Self {
        Self {
            wall: self.wall + next.wall,
            cpu: self.cpu + next.cpu,
            peak_kib: self.peak_kib.max(next.peak_kib),
        }
    }

    /// Returns the time in round trips, as text; none without latency.
    pub(super) fn round_trips(self, latency: Duration) -> String {
        if latency.is_zero() {
            return String::new();
        }
        format!("{:.1}", self.wall.as_secs_f64() / latency.as_secs_f64())
    }

    pub(super) fn peak_mb(self) -> f64 {
        self.peak_kib as f64 / 1000.0 * 1.024
    }
}

/// Sorts measurements by time, and returns the median.
pub(super) fn median(runs: &mut [Measurement]) -> Measurement {
    runs.sort_by_key(|run| run.wall);
    runs.get(runs.len() / 2).copied().unwrap_or_default()
}

/// Runs a program to its end and measures it. Fails if the program fails.
pub(super) fn measure(mut command: Command) -> Result<Measurement, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let start = Instant::now();
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot run {name}: {error}"))?;
    let process = PathBuf::from(format!("/proc/{}", child.id()));
    let ended = AtomicBool::new(false);
    let (output, measured) = std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut seen = Measurement::default();
            while !ended.load(Ordering::Relaxed) {
                seen.peak_kib = seen.peak_kib.max(peak_of(&process).unwrap_or(0));
                seen.cpu = seen.cpu.max(cpu_of(&process).unwrap_or_default());
                std::thread::sleep(POLL_INTERVAL);
            }
            seen
        });
        let output = child.wait_with_output();
        let wall = start.elapsed();
        ended.store(true, Ordering::Relaxed);
        let seen = watch.join().unwrap_or_default();
        (output, Measurement { wall, ..seen })
    });
    let output = output.map_err(|error| format!("cannot wait for {name}: {error}"))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{name}: {}: {}", output.status, stderr.trim()));
    }
    Ok(measured)
}

/// Runs a function in this process, and measures it. The peak of memory is not measured.
pub(super) fn measure_here<T>(work: impl FnOnce() -> T) -> (T, Measurement) {
    let cpu = || cpu_of(Path::new("/proc/self")).unwrap_or_default();
    let (start, cpu_before) = (Instant::now(), cpu());
    let result = work();
    let measured = Measurement {
        wall: start.elapsed(),
        cpu: cpu().saturating_sub(cpu_before),
        peak_kib: 0,
    };
    (result, measured)
}

/// Reads the peak of a process's resident memory (`VmHWM` in `proc_pid_status(5)`), in KiB.
fn peak_of(process: &Path) -> Option<u64> {
    let text = std::fs::read_to_string(process.join("status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// Reads a process's processor time (`utime` and `stime` in `proc_pid_stat(5)`).
fn cpu_of(process: &Path) -> Option<Duration> {
    let text = std::fs::read_to_string(process.join("stat")).ok()?;
    // The program's name, in parentheses, may contain spaces.
    let (_, fields) = text.rsplit_once(") ")?;
    let mut times = fields.split(' ').skip(11).map(str::parse::<u32>);
    let (user, system) = (times.next()?.ok()?, times.next()?.ok()?);
    Some(TICK * (user + system))
}
