/**
 * The secrets that a key was presented with before its current one, which stays in the row of the key: a key that was
 * never rotated needs nothing here, and no row is rewritten.
 */
export const secrets = `
ALTER TABLE keys ADD COLUMN secret_ordinal INTEGER NOT NULL DEFAULT 1;
ALTER TABLE keys ADD COLUMN previous_tag BYTEA;

CREATE TABLE secrets (
  tag BYTEA PRIMARY KEY CHECK (length(tag) = 32),
  key_id TEXT COLLATE "C" NOT NULL REFERENCES keys (id),
  ordinal INTEGER NOT NULL,
  prefix TEXT NOT NULL,
  last_four TEXT NOT NULL,
  replaced_at BIGINT NOT NULL,
  ends_at BIGINT NOT NULL,
  last_used_at BIGINT,
  last_address TEXT,
  successor_used_at BIGINT,
  UNIQUE (key_id, ordinal)
);
`
