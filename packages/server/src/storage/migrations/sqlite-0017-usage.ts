/**
 * How often keys were used. Keys and companies have numbers here, because there are many rows; the days come first, so
 * that what is counted together lies together, and goes together. `key_number` 0: the company's total.
 */
export const usage = `
CREATE TABLE usage_companies (
  number INTEGER PRIMARY KEY,
  company_id TEXT NOT NULL UNIQUE REFERENCES companies (id)
) STRICT;

CREATE TABLE usage_keys (
  number INTEGER PRIMARY KEY,
  key_id TEXT NOT NULL UNIQUE REFERENCES keys (id),
  company_number INTEGER NOT NULL REFERENCES usage_companies (number),
  last_refused_at INTEGER,
  last_refused_code TEXT,
  last_refused_address TEXT
) STRICT;

CREATE TABLE usage_days (
  day INTEGER NOT NULL,
  company_number INTEGER NOT NULL,
  key_number INTEGER NOT NULL,
  valid INTEGER NOT NULL,
  not_found INTEGER NOT NULL,
  inactive INTEGER NOT NULL,
  expired INTEGER NOT NULL,
  user_inactive INTEGER NOT NULL,
  company_inactive INTEGER NOT NULL,
  ip_not_allowed INTEGER NOT NULL,
  ip_required INTEGER NOT NULL,
  insufficient_permissions INTEGER NOT NULL,
  rate_limited INTEGER NOT NULL,
  previous_secret INTEGER NOT NULL,
  PRIMARY KEY (day, company_number, key_number)
) STRICT, WITHOUT ROWID;

CREATE TABLE usage_months (
  month INTEGER NOT NULL,
  company_number INTEGER NOT NULL,
  key_number INTEGER NOT NULL,
  valid INTEGER NOT NULL,
  not_found INTEGER NOT NULL,
  inactive INTEGER NOT NULL,
  expired INTEGER NOT NULL,
  user_inactive INTEGER NOT NULL,
  company_inactive INTEGER NOT NULL,
  ip_not_allowed INTEGER NOT NULL,
  ip_required INTEGER NOT NULL,
  insufficient_permissions INTEGER NOT NULL,
  rate_limited INTEGER NOT NULL,
  previous_secret INTEGER NOT NULL,
  PRIMARY KEY (month, company_number, key_number)
) STRICT, WITHOUT ROWID;

CREATE TABLE usage_networks (
  key_number INTEGER NOT NULL REFERENCES usage_keys (number),
  is_accepted INTEGER NOT NULL CHECK (is_accepted IN (0, 1)),
  network TEXT NOT NULL,
  address TEXT NOT NULL,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  PRIMARY KEY (key_number, is_accepted, network)
) STRICT, WITHOUT ROWID;

CREATE TABLE usage_reports (
  id TEXT NOT NULL PRIMARY KEY,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX usage_reports_by_time ON usage_reports (at);
`
