/*
 * Ids are TypeIDs: their text order is the order of creation, so an index that ends in the id is also the
 * list order. Foreign keys of keys and users carry the company: a row cannot point into another tenant.
 */
export const initial = `
CREATE TABLE deployment (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  secret_check BLOB NOT NULL,
  secret_generation INTEGER NOT NULL,
  companies_count INTEGER NOT NULL,
  last_company_id TEXT,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE head (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  revision INTEGER NOT NULL,
  epoch TEXT NOT NULL,
  is_accepted INTEGER NOT NULL CHECK (is_accepted IN (0, 1))
) STRICT;
INSERT INTO head (id, revision, epoch, is_accepted) VALUES (1, 0, lower(hex(randomblob(16))), 1);

CREATE TABLE log (
  revision INTEGER PRIMARY KEY,
  scope TEXT NOT NULL CHECK (scope IN ('key', 'session', 'user', 'company')),
  object_id TEXT NOT NULL
) STRICT;

CREATE TABLE companies (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  external_id TEXT UNIQUE,
  status TEXT NOT NULL CHECK (status IN ('active', 'inactive')),
  is_operator INTEGER NOT NULL CHECK (is_operator IN (0, 1)),
  last_id TEXT NOT NULL,
  users_count INTEGER NOT NULL,
  keys_active INTEGER NOT NULL,
  keys_inactive INTEGER NOT NULL,
  audit_count INTEGER NOT NULL,
  audit_head BLOB NOT NULL,
  audit_seal BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX companies_one_operator ON companies (is_operator) WHERE is_operator = 1;

CREATE TABLE users (
  id TEXT NOT NULL PRIMARY KEY,
  company_id TEXT NOT NULL REFERENCES companies (id),
  name TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'developer', 'viewer')),
  email TEXT UNIQUE,
  external_id TEXT,
  permissions TEXT,
  status TEXT NOT NULL CHECK (status IN ('active', 'inactive')),
  keys_active INTEGER NOT NULL,
  keys_inactive INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  UNIQUE (company_id, id),
  UNIQUE (company_id, external_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE keys (
  id TEXT NOT NULL PRIMARY KEY,
  company_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  fingerprint BLOB NOT NULL UNIQUE CHECK (length(fingerprint) = 32),
  secret_generation INTEGER NOT NULL,
  prefix TEXT NOT NULL,
  last_four TEXT NOT NULL,
  mode TEXT NOT NULL CHECK (mode IN ('live', 'test')),
  whitelisted_ips TEXT,
  permissions TEXT,
  description TEXT,
  metadata TEXT NOT NULL,
  expires_at INTEGER,
  is_enabled INTEGER NOT NULL CHECK (is_enabled IN (0, 1)),
  status TEXT NOT NULL CHECK (status = iif(deleted_at IS NULL AND is_enabled = 1, 'active', 'inactive')),
  created_by TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER,
  version INTEGER NOT NULL,
  FOREIGN KEY (company_id, user_id) REFERENCES users (company_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX keys_by_company ON keys (company_id, id);
CREATE INDEX keys_by_status ON keys (company_id, status, id);
CREATE INDEX keys_by_user ON keys (company_id, user_id, id);
CREATE INDEX keys_by_user_status ON keys (company_id, user_id, status, id);

CREATE TABLE passwords (
  user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id),
  hash TEXT NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE invitations (
  hash BLOB NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id),
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX invitations_by_user ON invitations (user_id);

CREATE TABLE sessions (
  id TEXT NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id),
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  ended_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE key_usage (
  key_id TEXT NOT NULL PRIMARY KEY REFERENCES keys (id),
  last_used_at INTEGER NOT NULL,
  last_address TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_events (
  company_id TEXT NOT NULL REFERENCES companies (id),
  id TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  at INTEGER NOT NULL,
  action TEXT NOT NULL,
  actor_type TEXT NOT NULL,
  actor_id TEXT,
  actor_user_id TEXT,
  object_type TEXT NOT NULL,
  object_id TEXT NOT NULL,
  address TEXT,
  request_id TEXT,
  changes TEXT NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (company_id, id),
  UNIQUE (company_id, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency (
  hash BLOB NOT NULL PRIMARY KEY,
  body_hash BLOB NOT NULL,
  sealed BLOB NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_expiry ON idempotency (expires_at);
`
