/** What the maker of a key could give when it made it; NULL: everything, as for the keys from before. */
export const keyCeilings = `
ALTER TABLE keys ADD COLUMN ceiling TEXT;
`
