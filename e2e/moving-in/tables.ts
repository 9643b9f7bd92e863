import {
  AUTHTOKEN,
  BEFORE,
  DRF,
  DRF_ENDED,
  DRF_REVOKED,
  ENDED,
  FULL,
  hash,
  LATER,
  OFF,
  PLAIN,
  SANCTUM,
  SANCTUM_ALL,
  SANCTUM_ENDED,
  SPENT,
  TABLE,
  TABLE_ENDED,
} from './texts.ts'

/** The tables as each system documents them, for PostgreSQL. */
export const TABLES: readonly string[] = [
  `CREATE TABLE apikey (id text PRIMARY KEY, "configId" text NOT NULL, name text, start text, prefix text, key text NOT NULL,
    "referenceId" text NOT NULL, enabled boolean, remaining integer, "expiresAt" timestamptz, permissions text)`,
  `INSERT INTO apikey VALUES ${[
    betterAuthRow('plain', PLAIN, 'org_1'),
    betterAuthRow('full', FULL, 'org_2', `true, NULL, '${LATER}', '{"orders":["read","write"]}'`),
    betterAuthRow('off', OFF, 'org_1', 'false, NULL, NULL, NULL'),
    betterAuthRow('ended', ENDED, 'org_1', `true, NULL, '${BEFORE}', NULL`),
    betterAuthRow('spent', SPENT, 'org_1', 'true, 0, NULL, NULL'),
  ].join(', ')}`,
  'CREATE TABLE consumers (id uuid PRIMARY KEY, created_at timestamptz, username text, custom_id text)',
  `CREATE TABLE keyauth_credentials (id uuid PRIMARY KEY, created_at timestamptz, consumer_id uuid REFERENCES consumers,
    key text UNIQUE, tags text[], ttl timestamptz, ws_id uuid)`,
  `INSERT INTO consumers VALUES ('51c44ada-fea6-43fc-b75d-3d69a973eca7', now(), 'jack', 'cust-1'),
    ('59d1ef15-24a5-4373-b957-e8192c15ff6e', now(), 'joe', NULL)`,
  `INSERT INTO keyauth_credentials VALUES
    (gen_random_uuid(), now(), '51c44ada-fea6-43fc-b75d-3d69a973eca7', '${TABLE}', '{mobile}', '${LATER}', gen_random_uuid()),
    (gen_random_uuid(), now(), '59d1ef15-24a5-4373-b957-e8192c15ff6e', '${TABLE_ENDED}', NULL, '${BEFORE}', NULL)`,
  `CREATE TABLE personal_access_tokens (id bigint PRIMARY KEY, tokenable_type varchar(255), tokenable_id bigint, name varchar(255),
    token varchar(64) UNIQUE, abilities text, expires_at timestamp, created_at timestamp)`,
  `INSERT INTO personal_access_tokens VALUES ${[
    tokenRow(SANCTUM, 'User', '["read","orders:write"]', 'NULL'),
    tokenRow(SANCTUM_ALL, 'Team', '["*"]', 'NULL'),
    tokenRow(SANCTUM_ENDED, 'User', '["read"]', `'2026-01-31 00:00:00'`),
  ].join(', ')}`,
  `CREATE TABLE rest_framework_api_key_apikey (id varchar(150) PRIMARY KEY, prefix varchar(8), hashed_key varchar(150),
    created timestamptz, name varchar(50), revoked boolean, expiry_date timestamptz)`,
  `INSERT INTO rest_framework_api_key_apikey VALUES ${[
    drfRow(DRF, false, 'NULL'),
    drfRow(DRF_REVOKED, true, 'NULL'),
    drfRow(DRF_ENDED, false, `'${BEFORE}'`),
  ].join(', ')}`,
  'CREATE TABLE authtoken_token (key varchar(40) PRIMARY KEY, created timestamptz, user_id integer UNIQUE)',
  `INSERT INTO authtoken_token VALUES ('${AUTHTOKEN}', '2026-01-01 08:00:00+00', 42)`,
]

function betterAuthRow(id: string, text: string, owner: string, more = 'true, NULL, NULL, NULL'): string {
  return `('${id}', 'default', '${id}', '${text.slice(0, 6)}', 'acme_', '${hash(text, 'sha256', 'base64url')}', '${owner}', ${more})`
}
function drfRow(text: string, revoked: boolean, end: string): string {
  const [prefix = ''] = text.split('.')
  const digest = `sha512$$${hash(text, 'sha512', 'hex')}`
  return `('${prefix}.${digest}', '${prefix}', '${digest}', '2026-01-01 08:00:00+00', 'a service', ${revoked}, ${end})`
}
function tokenRow(text: string, model: string, abilities: string, end: string): string {
  const [id, secret = ''] = text.split('|')
  return `(${id}, 'App\\Models\\${model}', 7, 'a token', '${hash(secret, 'sha256', 'hex')}', '${abilities}', ${end}, '2026-01-01 08:00:00')`
}
