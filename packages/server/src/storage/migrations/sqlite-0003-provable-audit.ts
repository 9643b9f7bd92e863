/**
 * What the chain of audit events can be cut at (`audit_cut` events are no longer there, `audit_cut_head` is the hash
 * of the last of them), the seal over the list of companies, the seal over an event whose personal values were taken
 * out, and users who were deleted.
 */
export const provableAudit = `
ALTER TABLE companies ADD COLUMN audit_cut INTEGER NOT NULL DEFAULT 0;
ALTER TABLE companies ADD COLUMN audit_cut_head BLOB;
ALTER TABLE deployment ADD COLUMN companies_head BLOB;
ALTER TABLE deployment ADD COLUMN companies_seal BLOB;
ALTER TABLE audit_events ADD COLUMN redaction BLOB;
ALTER TABLE users ADD COLUMN deleted_at INTEGER;
`
