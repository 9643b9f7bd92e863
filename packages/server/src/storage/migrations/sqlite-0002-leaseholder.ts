/** The process that may answer from memory between two looks at the head, or everybody; see sqlite/lease.ts. */
export const leaseholder = `
ALTER TABLE head ADD COLUMN leaseholder TEXT;
`
