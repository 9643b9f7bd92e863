/** As sqlite-0014. `unknown` of a server of an older release is null: it waits for no verifier. */
export const verifiers = `
ALTER TABLE log ADD COLUMN company_id TEXT COLLATE "C";
ALTER TABLE servers ADD COLUMN unknown JSONB;
`
