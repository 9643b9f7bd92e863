/**
 * What `lower` makes of a letter of ASCII must not depend on the locale of the database: in Turkish, I becomes ı.
 * Nothing is rewritten by this.
 */
export const searchedTexts = `
ALTER TABLE keys
  ALTER COLUMN description TYPE TEXT COLLATE "C",
  ALTER COLUMN last_four TYPE TEXT COLLATE "C";
`
