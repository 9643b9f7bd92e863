import { chmodSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  APISIX,
  APISIX_CREDENTIAL,
  APISIX_CREDENTIAL_DENIED,
  APISIX_DENIED,
  AWS,
  AWS_OFF,
  BEFORE,
  DECK,
  DECK_BOUND,
  DECK_TTL,
  hash,
  LITE,
  LITE_OFF,
  TYK,
  TYK_ENDED,
  TYK_LOGIN,
  TYK_OFF,
  TYK_QUOTA,
  UNKEY,
  UNKEY_GONE,
  UNKEY_OFF,
  UNKEY_OLD,
} from './texts.ts'

/** Programs and files of the old systems that are not here, each writing what the real one does. */
export function placeOldSystems(directory: string): void {
  const program = (name: string, asked: string, output: string) => {
    const file = join(directory, 'bin', name)
    const lines = [
      '#!/bin/sh',
      `case "$*" in ${asked}) ;; *) echo "${name} $*: not what is known" >&2; exit 1 ;; esac`,
    ]
    writeFileSync(file, `${[...lines, output].join('\n')}\n`)
    chmodSync(file, 0o755)
  }
  const shown = (name: string, content: string) => {
    const file = join(directory, `${name}.said`)
    writeFileSync(file, content)
    return `cat '${file}'`
  }
  program('mysql', "*'FROM ratelimits r'*'FROM `keys` k LEFT JOIN identities'*", shown('mysql', UNKEY_ROWS))
  program('deck', "'gateway dump -o kong.yaml'", `${shown('deck', DECK_FILE)} > kong.yaml`)
  program('aws', "'apigateway get-api-keys --include-values'", shown('aws', JSON.stringify(AWS_ANSWER)))
  writeFileSync(join(directory, 'tyk.json'), TYK_LINES.map((line) => `${JSON.stringify(line)}\n`).join(''))
  placeSqlite(join(directory, 'sqlite.db'))
}

/** The table to 1.4, as the plugin makes it. */
function placeSqlite(file: string): void {
  using database = new DatabaseSync(file)
  database.exec(`CREATE TABLE apikey (id text PRIMARY KEY, name text, start text, prefix text, key text NOT NULL, userId text NOT NULL,
    enabled integer, requestCount integer, remaining integer, expiresAt date, createdAt date NOT NULL, permissions text, metadata text)`)
  const insert = database.prepare(
    'INSERT INTO apikey (id, key, userId, enabled, createdAt) VALUES (?, ?, ?, ?, ?)',
  )
  insert.run('1', hash(LITE, 'sha256', 'base64url'), 'user-7', 1, '2026-01-01T08:00:00.000Z')
  insert.run('2', hash(LITE_OFF, 'sha256', 'base64url'), 'user-7', 0, '2026-01-01T08:00:00.000Z')
}

/** As `mysql --batch` writes: tabs, and NULL for what is not there. */
const unkeyRow = (
  id: string,
  text: string,
  owner: readonly string[],
  state: readonly string[],
  permissions: string,
  limits: readonly string[] = ['NULL', 'NULL', '[]'],
) =>
  [
    id,
    hash(text, 'sha256', 'base64'),
    text.slice(0, 8),
    `key ${id}`,
    ...owner,
    ...state,
    permissions,
    ...limits,
  ].join('\t')
const UNKEY_ROWS = `${[
  'id\thash\tstart\tname\towner_id\tidentity_id\texternal_id\tenabled\tdeleted_at_m\texpires\tpermissions\tremaining_requests\trefill_amount\tratelimits',
  unkeyRow(
    '1',
    UNKEY,
    ['NULL', 'id_1', 'customer-1'],
    ['1', 'NULL', '2037-01-31 00:00:00.000'],
    '["domains.create_record"]',
    [
      '7',
      '1000',
      '[{"name": "per-minute", "limit": 100, "duration": 60000, "autoApply": 1}, {"name": "asked-for", "limit": 5, "duration": 60000, "autoApply": 0}]',
    ],
  ),
  unkeyRow('2', UNKEY_OFF, ['owner-2', 'NULL', 'NULL'], ['0', 'NULL', 'NULL'], '[]'),
  unkeyRow('3', UNKEY_GONE, ['owner-2', 'NULL', 'NULL'], ['1', '1769846400000', 'NULL'], '[]'),
  unkeyRow('4', UNKEY_OLD, ['NULL', 'id_3', 'NULL'], ['1', 'NULL', '2026-01-31 00:00:00.000'], '[]'),
].join('\n')}\n`

const DECK_FILE = `_format_version: "3.0"
_konnect:
consumers:
- custom_id: cust-1
  keyauth_credentials:
  - key: ${DECK}
    tags: [mobile]
  - key: ${DECK_TTL}
    ttl: 0
  username: jack
- acls:
  - group: Gold
  keyauth_credentials:
  - key: ${DECK_BOUND}
  plugins:
  - config:
      allow: [192.0.2.7, 10.0.0.0/8]
      deny: null
    name: ip-restriction
  username: jill
`.replace('_konnect:\n', '')

const tykLine = (text: string, session: object) => ({
  key: `apikey-${hash(text, 'sha256', 'hex')}`,
  ttl: -1,
  value: JSON.stringify({
    rate: 1000,
    per: 60,
    expires: 0,
    access_rights: null,
    is_inactive: false,
    org_id: '5e9d9544a1dcd60001d0ed20',
    ...session,
  }),
})
const TYK_LINES = [
  tykLine(TYK, {
    access_rights: { '9f3c': { api_id: '9f3c' } },
    apply_policies: ['5ead7120575961000181867e'],
  }),
  tykLine(TYK_OFF, { is_inactive: true }),
  tykLine(TYK_ENDED, { expires: Date.parse(BEFORE) / 1_000 }),
  tykLine(TYK_LOGIN, { basic_auth_data: { password: 'x', hash_type: 'bcrypt' } }),
  { key: `quota-${hash(TYK_QUOTA, 'sha256', 'hex')}`, ttl: -1, value: '3' },
]

const AWS_ANSWER = {
  items: [
    {
      id: 'a1',
      value: AWS,
      name: 'mobile',
      customerId: 'customer-9',
      enabled: true,
      createdDate: '2026-01-01T08:00:00+00:00',
    },
    {
      id: 'a2',
      value: AWS_OFF,
      name: 'old',
      enabled: false,
      createdDate: '2026-01-01T08:00:00+00:00',
      stageKeys: ['x/prod'],
    },
  ],
}

const apisixConsumer = (username: string, key: string, plugins: object, more: object = {}) => ({
  key: `/apisix/consumers/${username}`,
  value: { username, create_time: 1_769_846_400, plugins: { 'key-auth': { key }, ...plugins }, ...more },
})

const apisixCredential = (username: string, key: string) => ({
  key: `/apisix/consumers/${username}/credentials/${key.slice(0, 8)}`,
  value: { id: key.slice(0, 8), create_time: 1_769_846_400, plugins: { 'key-auth': { key } } },
})

/** The Admin API of APISIX, for its groups, consumers and their credentials. */
export function startApisix(adminKey: string): Promise<Server> {
  const lists = new Map([
    [
      '/apisix/admin/consumer_groups',
      [
        {
          key: '/apisix/consumer_groups/gold',
          value: { id: 'gold', plugins: { 'ip-restriction': { whitelist: ['10.0.0.0/8'] } } },
        },
      ],
    ],
    [
      '/apisix/admin/consumers',
      [
        apisixConsumer('jack', APISIX, {}, { group_id: 'gold' }),
        apisixConsumer('jill', APISIX_DENIED, { 'ip-restriction': { blacklist: ['192.0.2.1'] } }),
      ],
    ],
    ['/apisix/admin/consumers/jack/credentials', [apisixCredential('jack', APISIX_CREDENTIAL)]],
    ['/apisix/admin/consumers/jill/credentials', [apisixCredential('jill', APISIX_CREDENTIAL_DENIED)]],
  ])
  const server = createServer((request, response) => {
    const list = request.headers['x-api-key'] === adminKey ? lists.get(request.url ?? '') : undefined
    response.statusCode = list === undefined ? 401 : 200
    response.end(
      `${JSON.stringify(list === undefined ? { error_msg: 'no' } : { total: list.length, list })}\n`,
    )
  })
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
}
