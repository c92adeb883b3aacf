-- What `trusted_ips_mode: observe` gathers.

-- Addresses outside the trusted ones from which a client proved itself while they were only observed.
CREATE TABLE observed_addresses (
  client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
  address TEXT NOT NULL,
  seen BIGINT NOT NULL,
  first_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  PRIMARY KEY (client_id, address)
);
CREATE INDEX observed_addresses_last_idx ON observed_addresses (last_at);
