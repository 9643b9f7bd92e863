/*
 * The same tables as in the embedded store. Ids are compared byte by byte (COLLATE "C"): their text order is
 * the order of creation. The head also says which database cluster it was written in, so that a copy, a restored
 * backup and a promoted standby are noticed.
 */
export const initial = `
CREATE TABLE deployment (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  secret_check BYTEA NOT NULL,
  secret_generation INTEGER NOT NULL,
  companies_count BIGINT NOT NULL,
  last_company_id TEXT COLLATE "C",
  created_at BIGINT NOT NULL
);

CREATE TABLE head (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  revision BIGINT NOT NULL,
  epoch TEXT NOT NULL,
  system_identifier TEXT NOT NULL,
  timeline TEXT NOT NULL,
  lease_ms INTEGER NOT NULL CHECK (lease_ms > 0),
  margin_ms INTEGER NOT NULL CHECK (margin_ms > 0)
);
INSERT INTO head (id, revision, epoch, system_identifier, timeline, lease_ms, margin_ms)
SELECT 1, 0, replace(gen_random_uuid()::text, '-', ''), system_identifier::text,
  substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8), 2000, 500
FROM pg_control_system();

CREATE TABLE log (
  revision BIGINT PRIMARY KEY,
  scope TEXT NOT NULL CHECK (scope IN ('key', 'session', 'user', 'company')),
  object_id TEXT NOT NULL
);

CREATE TABLE servers (
  id TEXT PRIMARY KEY,
  epoch TEXT NOT NULL,
  applied BIGINT NOT NULL,
  beat TEXT NOT NULL
);

CREATE TABLE companies (
  id TEXT COLLATE "C" PRIMARY KEY,
  name TEXT NOT NULL,
  external_id TEXT UNIQUE,
  status TEXT NOT NULL CHECK (status IN ('active', 'inactive')),
  is_operator INTEGER NOT NULL CHECK (is_operator IN (0, 1)),
  last_id TEXT COLLATE "C" NOT NULL,
  users_count BIGINT NOT NULL,
  keys_active BIGINT NOT NULL,
  keys_inactive BIGINT NOT NULL,
  audit_count BIGINT NOT NULL,
  audit_head BYTEA NOT NULL,
  audit_seal BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX companies_one_operator ON companies (is_operator) WHERE is_operator = 1;

CREATE TABLE users (
  id TEXT COLLATE "C" PRIMARY KEY,
  company_id TEXT COLLATE "C" NOT NULL REFERENCES companies (id),
  name TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'developer', 'viewer')),
  email TEXT UNIQUE,
  external_id TEXT,
  permissions TEXT,
  status TEXT NOT NULL CHECK (status IN ('active', 'inactive')),
  keys_active BIGINT NOT NULL,
  keys_inactive BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL,
  UNIQUE (company_id, id),
  UNIQUE (company_id, external_id)
) WITH (fillfactor = 70);

CREATE TABLE keys (
  id TEXT COLLATE "C" PRIMARY KEY,
  company_id TEXT COLLATE "C" NOT NULL,
  user_id TEXT COLLATE "C" NOT NULL,
  fingerprint BYTEA NOT NULL UNIQUE CHECK (length(fingerprint) = 32),
  secret_generation INTEGER NOT NULL,
  prefix TEXT NOT NULL,
  last_four TEXT NOT NULL,
  mode TEXT NOT NULL CHECK (mode IN ('live', 'test')),
  whitelisted_ips TEXT,
  permissions TEXT,
  description TEXT,
  metadata TEXT NOT NULL,
  expires_at BIGINT,
  is_enabled INTEGER NOT NULL CHECK (is_enabled IN (0, 1)),
  status TEXT NOT NULL
    CHECK (status = CASE WHEN deleted_at IS NULL AND is_enabled = 1 THEN 'active' ELSE 'inactive' END),
  created_by TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT,
  version BIGINT NOT NULL,
  FOREIGN KEY (company_id, user_id) REFERENCES users (company_id, id)
);
CREATE INDEX keys_by_company ON keys (company_id, id);
CREATE INDEX keys_by_status ON keys (company_id, status, id);
CREATE INDEX keys_by_user ON keys (company_id, user_id, id);
CREATE INDEX keys_by_user_status ON keys (company_id, user_id, status, id);

CREATE TABLE passwords (
  user_id TEXT COLLATE "C" PRIMARY KEY REFERENCES users (id),
  hash TEXT NOT NULL,
  updated_at BIGINT NOT NULL
);

CREATE TABLE invitations (
  hash BYTEA PRIMARY KEY,
  user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
  expires_at BIGINT NOT NULL
);
CREATE INDEX invitations_by_user ON invitations (user_id);

CREATE TABLE sessions (
  id TEXT COLLATE "C" PRIMARY KEY,
  user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  ended_at BIGINT
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE key_usage (
  key_id TEXT COLLATE "C" PRIMARY KEY REFERENCES keys (id),
  last_used_at BIGINT NOT NULL,
  last_address TEXT
) WITH (fillfactor = 70);

CREATE TABLE audit_events (
  company_id TEXT COLLATE "C" NOT NULL REFERENCES companies (id),
  id TEXT COLLATE "C" NOT NULL,
  sequence BIGINT NOT NULL,
  at BIGINT NOT NULL,
  action TEXT NOT NULL,
  actor_type TEXT NOT NULL,
  actor_id TEXT,
  actor_user_id TEXT,
  object_type TEXT NOT NULL,
  object_id TEXT NOT NULL,
  address TEXT,
  request_id TEXT,
  changes TEXT NOT NULL,
  hash BYTEA NOT NULL,
  PRIMARY KEY (company_id, id),
  UNIQUE (company_id, sequence)
);
CREATE FUNCTION audit_events_are_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit events are never changed or deleted';
END $$;
CREATE TRIGGER audit_events_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
  FOR EACH STATEMENT EXECUTE FUNCTION audit_events_are_kept();

CREATE TABLE idempotency (
  hash BYTEA PRIMARY KEY,
  body_hash BYTEA NOT NULL,
  sealed BYTEA NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX idempotency_by_expiry ON idempotency (expires_at);
`
