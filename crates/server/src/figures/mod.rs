//! What is counted and measured, and how it is written for those who collect it.
//!
//! Labels are words of ours: routes, endpoints, grants, codes, jobs. Nothing that a caller sends
//! ever becomes one, so that strangers cannot fill a collector. What costs more than reading a
//! number is done by a job and kept here. Refuses to know where it is served.

use std::fmt;

use domain::census::Count;
use domain::{DatabaseFigures, DatabaseLoad, Stopwatch};
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

mod process;

type Real = Gauge<f64, std::sync::atomic::AtomicU64>;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Answered {
    route: String,
    method: &'static str,
    status: u32,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Route {
    route: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Grant {
    grant: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Refusal {
    endpoint: &'static str,
    reason: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Job {
    job: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Kind {
    kind: &'static str,
}

/// Every figure of one server.
pub struct Figures {
    ours: Registry,
    machine: Registry,
    requests: Family<Answered, Counter>,
    durations: Family<Route, Histogram>,
    under_way: Gauge,
    granted: Family<Grant, Counter>,
    refused: Family<Refusal, Counter>,
    job_runs: Family<Job, Counter>,
    job_failures: Family<Job, Counter>,
    job_seconds: Family<Job, Real>,
    job_success: Family<Job, Gauge>,
    rows: Family<Kind, Gauge>,
    expired: Family<Kind, Gauge>,
    size: Gauge,
    load: Crowd,
    process: process::Gauges,
}

/// How crowded the database is.
#[derive(Default)]
struct Crowd {
    open: Gauge,
    busy: Gauge,
    most: Gauge,
    waiting: Gauge,
}

impl Figures {
    /// Figures that begin at nothing, over the database's own and the spans that were lost.
    pub fn new(database: &DatabaseFigures, lost_spans: Option<&Counter>) -> Self {
        let mut machine = Registry::default();
        let process = process::Gauges::registered(&mut machine);
        // 0.5 ms to 16 s, each bucket twice the one before.
        let durations = Family::new_with_constructor(
            (|| Histogram::new(exponential_buckets(0.000_5, 2.0, 16))) as fn() -> _,
        );
        let mut figures = Self {
            ours: Registry::with_prefix("mandate"),
            machine,
            requests: Family::default(),
            durations,
            under_way: Gauge::default(),
            granted: Family::default(),
            refused: Family::default(),
            job_runs: Family::default(),
            job_failures: Family::default(),
            job_seconds: Family::default(),
            job_success: Family::default(),
            rows: Family::default(),
            expired: Family::default(),
            size: Gauge::default(),
            load: Crowd::default(),
            process,
        };
        figures.register();
        figures.register_database(database);
        if let Some(lost) = lost_spans {
            let help = "Spans that the collector never got.";
            figures.ours.register("trace_spans_lost", help, lost.clone());
        }
        figures
    }

    fn register(&mut self) {
        let ours = &mut self.ours;
        ours.register("requests", "Requests answered.", self.requests.clone());
        let help = "Seconds from the head of a request to the head of its answer.";
        ours.register("request_duration_seconds", help, self.durations.clone());
        ours.register("requests_under_way", "Requests not answered yet.", self.under_way.clone());
        ours.register("grants", "Grants exchanged for tokens.", self.granted.clone());
        let help = "Refused requests of the protocol, by the code that the caller got.";
        ours.register("refusals", help, self.refused.clone());
        ours.register("job_runs", "Runs of a background job.", self.job_runs.clone());
        ours.register("job_failures", "Runs of a job that failed.", self.job_failures.clone());
        let help = "Seconds that the last run of a job took.";
        ours.register("job_last_duration_seconds", help, self.job_seconds.clone());
        let help = "When a job last succeeded, seconds since 1970.";
        ours.register("job_last_success_timestamp_seconds", help, self.job_success.clone());
        let help = "Rows that have not expired; counted by a job each minute.";
        ours.register("rows_live", help, self.rows.clone());
        let help = "Rows that have expired and wait for the sweep; counted by a job each minute.";
        ours.register("expired_rows_pending", help, self.expired.clone());
    }

    fn register_database(&mut self, database: &DatabaseFigures) {
        let ours = self.ours.sub_registry_with_prefix("database");
        let help = "Seconds until a write transaction could begin.";
        ours.register("wait_seconds", help, database.waits.clone());
        ours.register("commit_seconds", "Seconds of a durable commit.", database.commits.clone());
        let help = "Write transactions that shared one commit.";
        ours.register("commit_members", help, database.members.clone());
        let help = "Write transactions whose commit failed; nobody was told that they took place.";
        ours.register("lost_transactions", help, database.lost.clone());
        ours.register("size_bytes", "Bytes on the disk, each minute.", self.size.clone());
        ours.register("connections_open", "Open connections.", self.load.open.clone());
        ours.register("connections_busy", "Connections in use.", self.load.busy.clone());
        ours.register("connections_most", "Connections at most.", self.load.most.clone());
        let help = "Tasks that wait for their turn or for a connection.";
        ours.register("waiting", help, self.load.waiting.clone());
    }

    /// A request came.
    pub fn begun(&self) {
        self.under_way.inc();
    }

    /// It ended without an answer, because nobody waits for one any more.
    pub fn abandoned(&self) {
        self.under_way.dec();
    }

    /// It was answered. `route` is the template, never the path.
    pub fn answered(&self, route: &str, method: &'static str, status: u16, watch: Stopwatch) {
        self.under_way.dec();
        let route = route.to_owned();
        self.durations.get_or_create(&Route { route: route.clone() }).observe(watch.seconds());
        let status = u32::from(status);
        self.requests.get_or_create(&Answered { route, method, status }).inc();
    }

    /// A grant was exchanged for tokens.
    pub fn granted(&self, grant: &'static str) {
        self.granted.get_or_create(&Grant { grant }).inc();
    }

    /// A request of the protocol was refused under this code.
    pub fn refused(&self, endpoint: &'static str, reason: &'static str) {
        self.refused.get_or_create(&Refusal { endpoint, reason }).inc();
    }

    /// A job ran; `success_at` is when, seconds since 1970, if it did what it is for.
    pub fn ran(&self, job: &'static str, watch: Stopwatch, success_at: Option<i64>) {
        let label = Job { job };
        self.job_runs.get_or_create(&label).inc();
        self.job_seconds.get_or_create(&label).set(watch.seconds());
        match success_at {
            Some(at) => drop(self.job_success.get_or_create(&label).set(at)),
            None => drop(self.job_failures.get_or_create(&label).inc()),
        }
    }

    /// The rows were counted, and the bytes.
    pub fn counted(&self, counts: &[Count], bytes: u64) {
        for count in counts {
            let label = Kind { kind: count.kind };
            self.rows.get_or_create(&label).set(count.live);
            self.expired.get_or_create(&label).set(count.expired);
        }
        self.size.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    /// Everything in the `OpenMetrics` text format, which Prometheus reads.
    ///
    /// # Errors
    /// None in practice: writing to a string does not fail.
    pub fn written(&self, load: DatabaseLoad) -> Result<String, fmt::Error> {
        let of = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        self.load.open.set(of(load.open));
        self.load.busy.set(of(load.busy));
        self.load.most.set(of(load.most));
        self.load.waiting.set(of(load.waiting));
        self.process.look();
        let mut page = String::new();
        text::encode_registry(&mut page, &self.ours)?;
        text::encode(&mut page, &self.machine)?;
        Ok(page)
    }
}
