/** From where somebody signed in: people know their own sessions by it. Null for those that began before. */
export const sessionAddresses = `
ALTER TABLE sessions ADD COLUMN address TEXT;
`
