/**
 * How often a key may be used, and what was used of it: a row that is written when a server takes some of it on lease.
 */
export const limits = `
ALTER TABLE keys ADD COLUMN rate_limits TEXT;
ALTER TABLE keys ADD COLUMN quota TEXT;

CREATE TABLE key_limits (
  key_id TEXT NOT NULL PRIMARY KEY REFERENCES keys (id),
  account TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`
