//! What the turnstile synchronizes with: threads, locks and channels of the standard library, the
//! timer of the runtime.
//!
//! Named in one place, so that a model checker can put its own in their stead
//! (`tests/turnstile.rs`) and try interleavings of the very code that serves.

pub(super) use std::sync::mpsc::{Receiver, SendError, Sender, channel};
pub(super) use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
pub(super) use std::thread::Builder;

pub(super) use tokio::sync::oneshot;
pub(super) use tokio::task::yield_now;
pub(super) use tokio::time::timeout;
