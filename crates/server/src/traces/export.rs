//! The way out: spans are gathered for a moment and posted together (OTLP over HTTP).
//!
//! A post that fails is not repeated: its spans are counted as lost, and the log says so once until
//! the collector takes some again.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::{Request, Uri, header};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use prometheus_client::metrics::counter::Counter;
use tokio::sync::{mpsc, oneshot};

use super::{Message, Span, spelled};

/// Spans in one post at most.
const BATCH: usize = 512;
/// How long the first of them waits for others.
const GATHERED: Duration = Duration::from_secs(1);
/// How long the collector may take.
const PATIENCE: Duration = Duration::from_secs(5);

struct Exporter {
    client: Client<HttpConnector, Full<Bytes>>,
    collector: Uri,
    lost: Counter,
    /// Did the last post fail?
    is_failing: bool,
}

/// Sends until nobody notes spans any more.
pub(super) async fn run(mut queue: mpsc::Receiver<Message>, collector: Uri, lost: Counter) {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let mut exporter = Exporter { client, collector, lost, is_failing: false };
    while let Some(first) = queue.recv().await {
        let (mut batch, mut told) = (Vec::new(), None);
        add(&mut batch, &mut told, first);
        // Ends at the time, at a full batch, or when somebody waits.
        let gathering = async {
            while told.is_none() && batch.len() < BATCH {
                let Some(next) = queue.recv().await else { break };
                add(&mut batch, &mut told, next);
            }
        };
        // Both ends are fine: the time is over, or there is enough.
        let _ = tokio::time::timeout(GATHERED, gathering).await;
        exporter.send(&batch).await;
        if let Some(told) = told {
            // Whoever asked may have stopped waiting.
            let _ = told.send(());
        }
    }
}

fn add(batch: &mut Vec<Span>, told: &mut Option<oneshot::Sender<()>>, message: Message) {
    match message {
        Message::Ended(span) => batch.push(*span),
        Message::Flush(done) => *told = Some(done),
    }
}

impl Exporter {
    async fn send(&mut self, batch: &[Span]) {
        if batch.is_empty() {
            return;
        }
        let failed = self.post(spelled::request(batch)).await.err();
        if let Some(why) = &failed {
            self.lost.inc_by(u64::try_from(batch.len()).unwrap_or_default());
            if !self.is_failing {
                let (collector, spans) = (&self.collector, batch.len());
                tracing::warn!(why, %collector, spans, "spans are lost: the collector takes none");
            }
        } else if self.is_failing {
            let lost = self.lost.get();
            tracing::info!(lost, "the collector takes spans again");
        }
        self.is_failing = failed.is_some();
    }

    async fn post(&self, body: Vec<u8>) -> Result<(), String> {
        let request = Request::post(self.collector.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| error.to_string())?;
        let answer = tokio::time::timeout(PATIENCE, self.client.request(request)).await;
        let answer = answer.map_err(|_| "it took too long".to_owned())?;
        let status = answer.map_err(|error| error.to_string())?.status();
        if status.is_success() { Ok(()) } else { Err(format!("it answered {status}")) }
    }
}
