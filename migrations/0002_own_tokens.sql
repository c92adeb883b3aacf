-- What a client's own tokens (client credentials) are shared and counted by.

-- The living token that `token_issuance: reuse` gives again: by client and shape (subject, format,
-- scopes, resources). An opaque text is derived from the seed; a JWT is sealed under the server's key.
CREATE TABLE reused_tokens (
  client_number BIGINT NOT NULL REFERENCES clients (number) ON DELETE CASCADE,
  shape TEXT NOT NULL,
  token_id BIGINT NOT NULL,
  seed BYTEA NOT NULL,
  sealed BYTEA,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (client_number, shape)
);
CREATE INDEX reused_tokens_expires_idx ON reused_tokens (expires_at);

-- The places under `max_active_tokens`. One whose token is dead is free.
CREATE TABLE token_slots (
  client_number BIGINT NOT NULL REFERENCES clients (number) ON DELETE CASCADE,
  slot BIGINT NOT NULL,
  token_id BIGINT NOT NULL,
  PRIMARY KEY (client_number, slot)
);
