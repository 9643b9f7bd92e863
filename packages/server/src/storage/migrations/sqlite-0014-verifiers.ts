/**
 * Whose each change is, and the processes to which verifiers are connected: whoever revokes waits for those that have to
 * hear of it. `unknown`: JSON; by company, and `*` for all, the lowest revision that one of them may not know yet.
 */
export const verifiers = `
ALTER TABLE log ADD COLUMN company_id TEXT;
CREATE TABLE servers (
  id TEXT PRIMARY KEY,
  epoch TEXT NOT NULL,
  applied INTEGER NOT NULL,
  beat TEXT NOT NULL,
  unknown TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`
