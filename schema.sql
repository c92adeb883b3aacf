-- Where the migrations end: the schema of today in one piece, for reading.
-- Nothing applies this file. A test applies it to an empty database of each engine and compares
-- what comes of it with what comes of `migrations/`.
--
-- One text for both engines: TEXT, BIGINT, BOOLEAN, BYTEA; instants are seconds since 1970.
-- A unique constraint is named {table}_{column}_key, so that a conflict names its form field.

CREATE TABLE settings (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

-- Who does a job that only one node may do, and until when.
CREATE TABLE leases (
  name TEXT PRIMARY KEY,
  holder TEXT NOT NULL,
  until BIGINT NOT NULL
);

-- Places ---------------------------------------------------------------------

CREATE TABLE organizations (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL UNIQUE,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE teams (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  CONSTRAINT teams_name_key_key UNIQUE (organization_id, name_key)
);

-- People ---------------------------------------------------------------------

CREATE TABLE users (
  id TEXT PRIMARY KEY,
  email TEXT NOT NULL,
  email_key TEXT NOT NULL UNIQUE,
  display_name TEXT NOT NULL,
  status TEXT NOT NULL,
  source TEXT NOT NULL,
  password_hash TEXT,
  epoch BIGINT NOT NULL,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  last_sign_in_at BIGINT
);
CREATE INDEX users_created_idx ON users (created_at, id);

-- Addresses and ranges, one a line; no row: from anywhere. `observe`: elsewhere is let in and recorded.
CREATE TABLE sign_in_networks (
  user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  trusted_ips TEXT NOT NULL,
  observe BOOLEAN NOT NULL DEFAULT FALSE
);

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

-- One-time links: set-up of the first administrator, invitation, password reset.
CREATE TABLE links (
  id BIGINT PRIMARY KEY,
  purpose TEXT NOT NULL,
  user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
  expires_at BIGINT NOT NULL
);
CREATE INDEX links_user_idx ON links (user_id);
CREATE INDEX links_expires_idx ON links (expires_at);

-- Browser sessions. The cookie carries the enciphered id and a MAC; no secret is stored.
CREATE TABLE sessions (
  id BIGINT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  user_epoch BIGINT NOT NULL,
  epoch BIGINT NOT NULL,
  authenticated_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  last_active_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  address TEXT NOT NULL,
  user_agent TEXT NOT NULL,
  lifetime BIGINT,
  idle_lifetime BIGINT,
  -- How somebody proved who they are (RFC 8176); also with grants.
  amr TEXT NOT NULL DEFAULT 'pwd'
);
CREATE INDEX sessions_user_idx ON sessions (user_id);
CREATE INDEX sessions_expires_idx ON sessions (expires_at);

-- Durable counters of failed sign-ins and client authentications.
CREATE TABLE attempts (
  subject TEXT PRIMARY KEY,
  failures BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX attempts_expires_idx ON attempts (expires_at);

-- Rights ---------------------------------------------------------------------

CREATE TABLE permissions (
  name TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  description TEXT NOT NULL,
  is_system BOOLEAN NOT NULL
);

CREATE TABLE roles (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL UNIQUE,
  description TEXT NOT NULL,
  is_system BOOLEAN NOT NULL,
  version BIGINT NOT NULL
);

CREATE TABLE role_permissions (
  role_id TEXT NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
  permission TEXT NOT NULL REFERENCES permissions (name),
  PRIMARY KEY (role_id, permission)
);

-- subject: a user id (usr_…) or a client id. place_id is '' at the instance.
CREATE TABLE bindings (
  id TEXT PRIMARY KEY,
  subject TEXT NOT NULL,
  role_id TEXT NOT NULL REFERENCES roles (id),
  place_kind TEXT NOT NULL,
  place_id TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  CONSTRAINT bindings_place_id_key UNIQUE (subject, role_id, place_kind, place_id)
);
CREATE INDEX bindings_place_idx ON bindings (place_kind, place_id);
CREATE INDEX bindings_role_idx ON bindings (role_id);

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
  created_at BIGINT NOT NULL,
  second_factor TEXT NOT NULL DEFAULT 'optional',
  sign_on_profile TEXT NOT NULL DEFAULT 'local'
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

CREATE TABLE resources (
  id TEXT PRIMARY KEY,
  identifier TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  is_system BOOLEAN NOT NULL,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE scopes (
  name TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  description TEXT NOT NULL,
  resource_id TEXT REFERENCES resources (id),
  is_system BOOLEAN NOT NULL,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);

-- Clients --------------------------------------------------------------------

CREATE TABLE clients (
  id TEXT PRIMARY KEY,
  number BIGINT NOT NULL UNIQUE,
  organization_id TEXT REFERENCES organizations (id),
  organization_key TEXT NOT NULL,
  owner_team TEXT REFERENCES teams (id),
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  description TEXT NOT NULL,
  logo_uri TEXT,
  verified BOOLEAN NOT NULL,
  type TEXT NOT NULL,
  enabled BOOLEAN NOT NULL,
  is_system BOOLEAN NOT NULL,
  confidential BOOLEAN NOT NULL,
  access TEXT NOT NULL,
  team_selection TEXT NOT NULL,
  require_consent BOOLEAN NOT NULL,
  pkce TEXT NOT NULL,
  refresh_without_pkce BOOLEAN NOT NULL,
  access_token_lifetime BIGINT NOT NULL,
  access_token_format TEXT NOT NULL,
  refresh_token_lifetime BIGINT NOT NULL,
  refresh_token_idle_lifetime BIGINT,
  refresh_rotation TEXT NOT NULL,
  refresh_overlap BIGINT NOT NULL,
  id_token_signed_response_alg TEXT NOT NULL,
  default_resource TEXT,
  context_user TEXT REFERENCES users (id),
  continue_without_context_user BOOLEAN NOT NULL,
  trusted_ips_mode TEXT NOT NULL,
  token_issuance TEXT NOT NULL,
  max_active_tokens BIGINT,
  token_requests_per_second BIGINT,
  claims TEXT NOT NULL,
  risk_score BIGINT NOT NULL,
  risk_reasons TEXT NOT NULL,
  epoch BIGINT NOT NULL,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  updated_at BIGINT NOT NULL,
  updated_by TEXT NOT NULL,
  last_used_at BIGINT,
  last_used_address TEXT,
  last_used_via TEXT,
  CONSTRAINT clients_name_key_key UNIQUE (organization_key, name_key)
);
CREATE INDEX clients_list_idx ON clients (name_key, id);
CREATE INDEX clients_created_idx ON clients (created_at, id);
CREATE INDEX clients_risk_idx ON clients (risk_score, id);
CREATE INDEX clients_used_idx ON clients (last_used_at, id);
CREATE INDEX clients_owner_idx ON clients (owner_team);
CREATE INDEX clients_context_user_idx ON clients (context_user);
CREATE INDEX clients_organization_idx ON clients (organization_id);

-- Every set of a client, in order: redirect_uri, scope, grant_type, auth_method, …
CREATE TABLE client_sets (
  client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
  field TEXT NOT NULL,
  position BIGINT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (client_id, field, position)
);
CREATE INDEX client_sets_value_idx ON client_sets (field, value, client_id);

CREATE TABLE client_secrets (
  id TEXT PRIMARY KEY,
  client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
  label TEXT NOT NULL,
  hint TEXT NOT NULL,
  hash BYTEA NOT NULL,
  key_id TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  expires_at BIGINT,
  retired_at BIGINT,
  last_used_at BIGINT,
  last_used_address TEXT,
  late_used_at BIGINT,
  late_used_address TEXT
);
CREATE INDEX client_secrets_client_idx ON client_secrets (client_id);

-- Addresses outside the trusted ones from which a client proved itself while they were only observed.
CREATE TABLE observed_addresses (
  client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
  address TEXT NOT NULL,
  seen BIGINT NOT NULL,
  first_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  last_via TEXT,
  PRIMARY KEY (client_id, address)
);
CREATE INDEX observed_addresses_last_idx ON observed_addresses (last_at);

-- The id of a deleted client is never given again.
CREATE TABLE deleted_clients (
  id TEXT PRIMARY KEY,
  deleted_at BIGINT NOT NULL
);

CREATE TABLE resource_introspectors (
  resource_id TEXT NOT NULL REFERENCES resources (id) ON DELETE CASCADE,
  client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
  PRIMARY KEY (resource_id, client_id)
);
CREATE INDEX resource_introspectors_client_idx ON resource_introspectors (client_id);

CREATE TABLE idempotency_keys (
  actor TEXT NOT NULL,
  key TEXT NOT NULL,
  object_id TEXT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (actor, key)
);
CREATE INDEX idempotency_keys_expires_idx ON idempotency_keys (expires_at);

-- Authority given ------------------------------------------------------------

-- What a person once allowed an application, so that the same or less is not asked again.
CREATE TABLE consents (
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
  scopes TEXT NOT NULL,
  resources TEXT NOT NULL,
  teams TEXT NOT NULL,
  text_version BIGINT NOT NULL,
  consented_at BIGINT NOT NULL,
  PRIMARY KEY (user_id, client_id)
);
CREATE INDEX consents_client_idx ON consents (client_id);

-- An authorization request from the moment the person is identified until its code is redeemed.
CREATE TABLE authorizations (
  id BIGINT PRIMARY KEY,
  state TEXT NOT NULL,
  client_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  session_id BIGINT NOT NULL,
  request TEXT NOT NULL,
  authenticated_at BIGINT NOT NULL,
  grant_id BIGINT,
  expires_at BIGINT NOT NULL
);
CREATE INDEX authorizations_expires_idx ON authorizations (expires_at);
CREATE INDEX authorizations_user_idx ON authorizations (user_id);

-- One authorization: this client, for this person, with these scopes, resources and teams.
CREATE TABLE grants (
  id BIGINT PRIMARY KEY,
  client_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  scopes TEXT NOT NULL,
  resources TEXT NOT NULL,
  epoch BIGINT NOT NULL,
  authenticated_at BIGINT NOT NULL,
  consented_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  amr TEXT NOT NULL DEFAULT 'pwd'
);
CREATE INDEX grants_user_idx ON grants (user_id);
CREATE INDEX grants_client_idx ON grants (client_id);
CREATE INDEX grants_expires_idx ON grants (expires_at);

CREATE TABLE grant_teams (
  grant_id BIGINT NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
  team_id TEXT NOT NULL,
  PRIMARY KEY (grant_id, team_id)
);
CREATE INDEX grant_teams_team_idx ON grant_teams (team_id);

-- A refresh token family: one row however often it rotates.
CREATE TABLE refresh_families (
  id BIGINT PRIMARY KEY,
  grant_id BIGINT NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
  seed BYTEA NOT NULL,
  generation BIGINT NOT NULL,
  rotated_at BIGINT NOT NULL,
  access_id BIGINT NOT NULL,
  client_epoch BIGINT NOT NULL,
  user_epoch BIGINT NOT NULL,
  grant_epoch BIGINT NOT NULL,
  replays BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX refresh_families_grant_idx ON refresh_families (grant_id);
CREATE INDEX refresh_families_expires_idx ON refresh_families (expires_at);

-- Spent refresh tokens of a client that came again: 'retry' inside the overlap, 'theft' outside.
CREATE TABLE refresh_replays (
  client_number BIGINT NOT NULL REFERENCES clients (number) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  seen BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  last_address TEXT NOT NULL,
  PRIMARY KEY (client_number, kind)
);

-- One narrow row for each live access token. Revoking deletes it.
CREATE TABLE access_tokens (
  id BIGINT PRIMARY KEY,
  client_number BIGINT NOT NULL,
  grant_id BIGINT,
  client_epoch BIGINT NOT NULL,
  user_epoch BIGINT,
  grant_epoch BIGINT,
  issued_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  scopes TEXT NOT NULL,
  audience TEXT NOT NULL,
  last_used_at BIGINT
);
CREATE INDEX access_tokens_client_idx ON access_tokens (client_number);
CREATE INDEX access_tokens_grant_idx ON access_tokens (grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX access_tokens_expires_idx ON access_tokens (expires_at);

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

-- Signing keys: published, then signing, then retired.
CREATE TABLE signing_keys (
  id TEXT PRIMARY KEY,
  algorithm TEXT NOT NULL,
  private BYTEA NOT NULL,
  public TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  signs_from BIGINT NOT NULL,
  signs_until BIGINT,
  expires_at BIGINT
);

-- What happened --------------------------------------------------------------

CREATE TABLE audit_events (
  id BIGINT PRIMARY KEY,
  at BIGINT NOT NULL,
  actor_user TEXT,
  actor_client TEXT,
  actor_operator TEXT,
  address TEXT,
  action TEXT NOT NULL,
  object_kind TEXT NOT NULL,
  object_id TEXT NOT NULL,
  object_name TEXT NOT NULL,
  changes TEXT NOT NULL,
  outcome TEXT NOT NULL,
  request_id TEXT NOT NULL,
  count BIGINT NOT NULL,
  segment BIGINT
);
CREATE INDEX audit_events_object_idx ON audit_events (object_kind, object_id, id);
CREATE INDEX audit_events_user_idx ON audit_events (actor_user, id);
CREATE INDEX audit_events_client_idx ON audit_events (actor_client, id);
CREATE INDEX audit_events_operator_idx ON audit_events (actor_operator, id);
CREATE INDEX audit_events_action_idx ON audit_events (action, id);
CREATE INDEX audit_events_kind_idx ON audit_events (object_kind, id);
CREATE INDEX audit_events_refused_idx ON audit_events (id) WHERE outcome = 'refused';
CREATE INDEX audit_events_segment_idx ON audit_events (segment, id);
CREATE INDEX audit_events_at_idx ON audit_events (at, action, outcome, count);
CREATE INDEX audit_events_open_idx ON audit_events (id) WHERE segment IS NULL;
CREATE INDEX audit_events_own_idx ON audit_events ((CASE WHEN actor_user IS NULL THEN actor_client END), id)
  WHERE actor_user IS NULL;

-- Sealed stretches of the trail, each chained to the one before by its hash.
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

-- Why something was refused, for the operator: expected against received, kept 7 days.
CREATE TABLE refusals (
  id TEXT PRIMARY KEY,
  at BIGINT NOT NULL,
  endpoint TEXT NOT NULL,
  client_id TEXT,
  code TEXT NOT NULL,
  description TEXT NOT NULL,
  note TEXT NOT NULL,
  expected TEXT,
  received TEXT,
  address TEXT NOT NULL,
  request_id TEXT NOT NULL
);
CREATE INDEX refusals_client_idx ON refusals (client_id, at);
CREATE INDEX refusals_at_idx ON refusals (at);
