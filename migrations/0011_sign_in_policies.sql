-- Who may sign in, and for how long: the first policy that is for a person decides.
CREATE TABLE sign_in_policies (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL UNIQUE,
  description TEXT NOT NULL,
  priority BIGINT NOT NULL UNIQUE,
  access TEXT NOT NULL,
  session_lifetime BIGINT,
  session_idle_lifetime BIGINT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);

-- For whom: one of the three is set.
CREATE TABLE sign_in_policy_subjects (
  policy_id TEXT NOT NULL REFERENCES sign_in_policies (id) ON DELETE CASCADE,
  user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
  team_id TEXT REFERENCES teams (id) ON DELETE CASCADE,
  role_id TEXT REFERENCES roles (id) ON DELETE CASCADE
);
CREATE INDEX sign_in_policy_subjects_policy_idx ON sign_in_policy_subjects (policy_id);
CREATE INDEX sign_in_policy_subjects_user_idx ON sign_in_policy_subjects (user_id);
CREATE INDEX sign_in_policy_subjects_team_idx ON sign_in_policy_subjects (team_id);
CREATE INDEX sign_in_policy_subjects_role_idx ON sign_in_policy_subjects (role_id);

-- What was decided when the session began; nothing: as the settings say.
ALTER TABLE sessions ADD COLUMN lifetime BIGINT;
ALTER TABLE sessions ADD COLUMN idle_lifetime BIGINT;
