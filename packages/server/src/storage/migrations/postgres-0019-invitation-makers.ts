/** As sqlite-0019. */
export const invitationMakers = `
ALTER TABLE invitations ADD COLUMN maker TEXT COLLATE "C";
`
