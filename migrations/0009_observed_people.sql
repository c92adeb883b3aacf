-- Trusted addresses of a person may be only observed: who would have been refused is kept for a month.

ALTER TABLE sign_in_networks ADD COLUMN observe BOOLEAN NOT NULL DEFAULT FALSE;

-- Addresses outside the trusted ones from which a person signed in while they were only observed.
CREATE TABLE observed_sign_ins (
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  address TEXT NOT NULL,
  seen BIGINT NOT NULL,
  first_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  last_via TEXT,
  PRIMARY KEY (user_id, address)
);
CREATE INDEX observed_sign_ins_last_idx ON observed_sign_ins (last_at);
