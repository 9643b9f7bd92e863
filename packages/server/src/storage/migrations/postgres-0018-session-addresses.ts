/** As sqlite-0018. */
export const sessionAddresses = `
ALTER TABLE sessions ADD COLUMN address TEXT COLLATE "C";
`
