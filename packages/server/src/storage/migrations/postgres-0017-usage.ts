/**
 * How often keys were used. Keys and companies have numbers here, because there are many rows; the days come first, so
 * that what is counted together lies together, and goes together. `key_number` 0: the company's total.
 */
export const usage = `
CREATE TABLE usage_companies (
  number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  company_id TEXT COLLATE "C" NOT NULL UNIQUE REFERENCES companies (id)
);

CREATE TABLE usage_keys (
  number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key_id TEXT COLLATE "C" NOT NULL UNIQUE REFERENCES keys (id),
  company_number BIGINT NOT NULL REFERENCES usage_companies (number),
  last_refused_at BIGINT,
  last_refused_code TEXT,
  last_refused_address TEXT
);

CREATE TABLE usage_days (
  day INTEGER NOT NULL,
  company_number BIGINT NOT NULL,
  key_number BIGINT NOT NULL,
  valid BIGINT NOT NULL,
  not_found BIGINT NOT NULL,
  inactive BIGINT NOT NULL,
  expired BIGINT NOT NULL,
  user_inactive BIGINT NOT NULL,
  company_inactive BIGINT NOT NULL,
  ip_not_allowed BIGINT NOT NULL,
  ip_required BIGINT NOT NULL,
  insufficient_permissions BIGINT NOT NULL,
  rate_limited BIGINT NOT NULL,
  previous_secret BIGINT NOT NULL,
  PRIMARY KEY (day, company_number, key_number)
);

CREATE TABLE usage_months (
  month INTEGER NOT NULL,
  company_number BIGINT NOT NULL,
  key_number BIGINT NOT NULL,
  valid BIGINT NOT NULL,
  not_found BIGINT NOT NULL,
  inactive BIGINT NOT NULL,
  expired BIGINT NOT NULL,
  user_inactive BIGINT NOT NULL,
  company_inactive BIGINT NOT NULL,
  ip_not_allowed BIGINT NOT NULL,
  ip_required BIGINT NOT NULL,
  insufficient_permissions BIGINT NOT NULL,
  rate_limited BIGINT NOT NULL,
  previous_secret BIGINT NOT NULL,
  PRIMARY KEY (month, company_number, key_number)
);

CREATE TABLE usage_networks (
  key_number BIGINT NOT NULL REFERENCES usage_keys (number),
  is_accepted INTEGER NOT NULL CHECK (is_accepted IN (0, 1)),
  network TEXT COLLATE "C" NOT NULL,
  address TEXT NOT NULL,
  first_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  PRIMARY KEY (key_number, is_accepted, network)
);

CREATE TABLE usage_reports (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL
);
CREATE INDEX usage_reports_by_time ON usage_reports (at);
`
