/**
 * As sqlite-0003, and what keeps a mistaken statement from the events: one goes only when the cut of its company
 * has moved past it, and changes only in that its personal values are taken out.
 */
export const provableAudit = `
ALTER TABLE companies ADD COLUMN audit_cut BIGINT NOT NULL DEFAULT 0;
ALTER TABLE companies ADD COLUMN audit_cut_head BYTEA;
ALTER TABLE deployment ADD COLUMN companies_head BYTEA;
ALTER TABLE deployment ADD COLUMN companies_seal BYTEA;
ALTER TABLE audit_events ADD COLUMN redaction BYTEA;
ALTER TABLE users ADD COLUMN deleted_at BIGINT;

DROP TRIGGER audit_events_kept ON audit_events;
CREATE OR REPLACE FUNCTION audit_events_are_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF OLD.sequence <= (SELECT audit_cut FROM companies WHERE id = OLD.company_id) THEN
      RETURN OLD;
    END IF;
  ELSIF TG_OP = 'UPDATE' THEN
    IF NEW.redaction IS NOT NULL
      AND to_jsonb(NEW) - 'changes' - 'redaction' = to_jsonb(OLD) - 'changes' - 'redaction' THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'audit events are never changed or deleted';
END $$;
CREATE TRIGGER audit_events_kept BEFORE UPDATE OR DELETE ON audit_events
  FOR EACH ROW EXECUTE FUNCTION audit_events_are_kept();
CREATE TRIGGER audit_events_not_truncated BEFORE TRUNCATE ON audit_events
  FOR EACH STATEMENT EXECUTE FUNCTION audit_events_are_kept();
`
