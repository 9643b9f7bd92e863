/*
 * An email address is unique in its company, no longer in the deployment: nobody can tell, or take, what another
 * tenant has.
 */
export const people = `
ALTER TABLE users DROP CONSTRAINT users_email_key;
ALTER TABLE users ADD CONSTRAINT users_company_id_email_key UNIQUE (company_id, email);

ALTER TABLE passwords ADD COLUMN email text, ADD COLUMN giver text;
UPDATE passwords SET email = users.email FROM users WHERE users.id = passwords.user_id;
CREATE INDEX passwords_by_email ON passwords (email);

ALTER TABLE invitations ADD COLUMN giver text;

CREATE TABLE known_sources (
  user_id text COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  source bytea NOT NULL,
  last_at bigint NOT NULL,
  PRIMARY KEY (user_id, source)
);
CREATE INDEX known_sources_by_time ON known_sources (last_at);
`
