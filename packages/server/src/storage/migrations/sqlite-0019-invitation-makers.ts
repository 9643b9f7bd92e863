/** Who made an invitation: one that is shut out takes it along. Null for the host's, and for those from before. */
export const invitationMakers = `
ALTER TABLE invitations ADD COLUMN maker TEXT;
`
