-- What is not sealed yet is found without a walk through what is.
CREATE INDEX audit_events_open_idx ON audit_events (id) WHERE segment IS NULL;

-- What a client did by itself is found without a walk through what people did with it.
CREATE INDEX audit_events_own_idx ON audit_events ((CASE WHEN actor_user IS NULL THEN actor_client END), id)
  WHERE actor_user IS NULL;
