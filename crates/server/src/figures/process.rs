//! What the machine says of this process, under the names that every collector knows. Where there
//! is no `/proc` the numbers stay at nothing.

use std::fs;
use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// Bytes of a page and ticks of a second as `/proc` counts them, on every Linux that we build for.
const PAGE: u64 = 4096;
const TICKS: f64 = 100.0;

/// The process at the last look.
#[derive(Default)]
pub(super) struct Gauges {
    resident: Gauge,
    cpu: Counter<f64, AtomicU64>,
    files: Gauge,
    threads: Gauge,
}

impl Gauges {
    /// Gauges that a page shows.
    pub(super) fn registered(page: &mut Registry) -> Self {
        let gauges = Self::default();
        let help = "Bytes of memory that this process holds.";
        page.register("process_resident_memory_bytes", help, gauges.resident.clone());
        page.register("process_cpu_seconds", "Seconds of processor time.", gauges.cpu.clone());
        page.register("process_open_fds", "Open files and sockets.", gauges.files.clone());
        page.register("process_threads", "Threads.", gauges.threads.clone());
        gauges
    }

    /// Reads the numbers anew.
    pub(super) fn look(&self) {
        if let Some(pages) = resident_pages() {
            self.resident.set(i64::try_from(pages * PAGE).unwrap_or(i64::MAX));
        }
        if let Some((seconds, threads)) = time_and_threads() {
            self.cpu.inner().store(seconds.to_bits(), std::sync::atomic::Ordering::Relaxed);
            self.threads.set(threads);
        }
        if let Ok(entries) = fs::read_dir("/proc/self/fd") {
            self.files.set(i64::try_from(entries.count()).unwrap_or(i64::MAX));
        }
    }
}

/// `/proc/self/statm`: the second number.
fn resident_pages() -> Option<u64> {
    fs::read_to_string("/proc/self/statm").ok()?.split_whitespace().nth(1)?.parse().ok()
}

/// `/proc/self/stat`, after the name in brackets: the 14th and 15th number are ticks spent, the
/// 20th the threads.
fn time_and_threads() -> Option<(f64, i64)> {
    let line = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, rest) = line.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<u32>().ok().map(f64::from);
    Some(((ticks(11)? + ticks(12)?) / TICKS, fields.get(17)?.parse().ok()?))
}
