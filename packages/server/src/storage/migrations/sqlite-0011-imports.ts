/** Keys that were made by another system, and what is known of the texts that it gave out. */
export const imports = `
ALTER TABLE keys ADD COLUMN imported_from TEXT;
ALTER TABLE keys ADD COLUMN imported_at INTEGER;

CREATE TABLE import_formats (
  id INTEGER NOT NULL PRIMARY KEY CHECK (id BETWEEN 1 AND 8),
  format TEXT NOT NULL,
  sealed_extras BLOB,
  shapes TEXT NOT NULL
) STRICT;
`
