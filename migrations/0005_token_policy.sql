-- Where a person may sign in from, and how often spent refresh tokens came back.

-- Addresses and ranges, one a line; no row: from anywhere.
CREATE TABLE sign_in_networks (
  user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  trusted_ips TEXT NOT NULL
);

-- Spent refresh tokens of a client that came again: 'retry' inside the overlap, 'theft' outside.
CREATE TABLE refresh_replays (
  client_number BIGINT NOT NULL REFERENCES clients (number) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  seen BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  last_address TEXT NOT NULL,
  PRIMARY KEY (client_number, kind)
);
