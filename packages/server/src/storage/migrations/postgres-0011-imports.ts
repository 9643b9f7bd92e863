/** Keys that were made by another system, and what is known of the texts that it gave out. */
export const imports = `
ALTER TABLE keys ADD COLUMN imported_from TEXT;
ALTER TABLE keys ADD COLUMN imported_at BIGINT;

CREATE TABLE import_formats (
  id INTEGER PRIMARY KEY CHECK (id BETWEEN 1 AND 8),
  format TEXT NOT NULL,
  sealed_extras BYTEA,
  shapes TEXT NOT NULL
);
`
