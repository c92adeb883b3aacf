//! Fresh databases for tests, on both engines.
