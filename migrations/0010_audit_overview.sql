-- The overview of the trail counts what happened in a stretch of time without reading the entries.
CREATE INDEX audit_events_at_idx ON audit_events (at, action, outcome, count);
