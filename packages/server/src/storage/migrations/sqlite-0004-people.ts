/*
 * An email address is unique in its company, no longer in the deployment: nobody can tell, or take, what another
 * tenant has. SQLite drops no UNIQUE: the table is made anew. Foreign keys are off while migrations run.
 */
export const people = `
CREATE TABLE users_anew (
  id TEXT NOT NULL PRIMARY KEY,
  company_id TEXT NOT NULL REFERENCES companies (id),
  name TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'developer', 'viewer')),
  email TEXT,
  external_id TEXT,
  permissions TEXT,
  status TEXT NOT NULL CHECK (status IN ('active', 'inactive')),
  keys_active INTEGER NOT NULL,
  keys_inactive INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  deleted_at INTEGER,
  UNIQUE (company_id, id),
  UNIQUE (company_id, email),
  UNIQUE (company_id, external_id)
) STRICT, WITHOUT ROWID;
INSERT INTO users_anew (id, company_id, name, role, email, external_id, permissions, status, keys_active,
    keys_inactive, created_at, updated_at, version, deleted_at)
  SELECT id, company_id, name, role, email, external_id, permissions, status, keys_active,
    keys_inactive, created_at, updated_at, version, deleted_at FROM users;
DROP TABLE users;
ALTER TABLE users_anew RENAME TO users;

ALTER TABLE passwords ADD COLUMN email TEXT;
ALTER TABLE passwords ADD COLUMN giver TEXT;
UPDATE passwords SET email = (SELECT email FROM users WHERE users.id = passwords.user_id);
CREATE INDEX passwords_by_email ON passwords (email);

ALTER TABLE invitations ADD COLUMN giver TEXT;

CREATE TABLE known_sources (
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  source BLOB NOT NULL,
  last_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, source)
) STRICT, WITHOUT ROWID;
CREATE INDEX known_sources_by_time ON known_sources (last_at);
`
