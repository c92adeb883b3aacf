-- Sealed stretches of the trail, each chained to the one before by its hash.
ALTER TABLE audit_events ADD COLUMN segment BIGINT;
CREATE INDEX audit_events_segment_idx ON audit_events (segment, id);

-- `digests` holds the id and the digest of each entry; it goes with the entries when retention takes
-- them, and the hash stays.
CREATE TABLE audit_segments (
  number BIGINT PRIMARY KEY,
  events BIGINT NOT NULL,
  first_id BIGINT NOT NULL,
  last_id BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  root BYTEA NOT NULL,
  previous BYTEA NOT NULL,
  hash BYTEA NOT NULL,
  digests BYTEA,
  sealed_at BIGINT NOT NULL,
  removed_at BIGINT
);
CREATE INDEX audit_segments_kept_idx ON audit_segments (number) WHERE removed_at IS NULL;
