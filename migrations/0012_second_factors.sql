-- What somebody proves themselves with besides the password: the seed of their codes, sealed, and the step of the last
-- code that was used, so that none is used twice.
CREATE TABLE second_factors (
  user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  id BIGINT NOT NULL,
  seed BYTEA NOT NULL,
  last_step BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  last_used_at BIGINT
);

-- For the day the device is lost; a row goes with its use.
CREATE TABLE recovery_codes (
  user_id TEXT NOT NULL REFERENCES second_factors (user_id) ON DELETE CASCADE,
  hash BYTEA NOT NULL,
  PRIMARY KEY (user_id, hash)
);

-- What a policy asks besides the password, and where it is proved.
ALTER TABLE sign_in_policies ADD COLUMN second_factor TEXT NOT NULL DEFAULT 'optional';
ALTER TABLE sign_in_policies ADD COLUMN sign_on_profile TEXT NOT NULL DEFAULT 'local';

-- How somebody proved who they are (RFC 8176).
ALTER TABLE sessions ADD COLUMN amr TEXT NOT NULL DEFAULT 'pwd';
ALTER TABLE grants ADD COLUMN amr TEXT NOT NULL DEFAULT 'pwd';
