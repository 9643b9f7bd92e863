import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { SourceName } from '../../src/import/import-row.ts'
import type { SourceOptions } from '../../src/import/source-options.ts'
import { readAll, refusals, rowsOf } from './reading.ts'

const A = 'acme_XvNKqMrDzTbWcHsYpLfJgRkQnZtVmBdG'
const B = 'acme_PqLwZxRtYvNbKmJhGfDsCaQeWrTyUiOp'
const C = 'acme_MnBvCxZlKjHgFdSaPoIuYtReWqQwErTy'
const json = (key: string) => JSON.stringify({ key, externalUserId: 'u1' })
const hashOf = (text: string) => createHash('sha256').update(text).digest('hex')

type Fault = {
  readonly name: string
  readonly source: SourceName
  readonly file: string | Uint8Array
  readonly options?: Partial<SourceOptions>
  /** The rows that are taken all the same. */
  readonly keys?: readonly string[]
  readonly refused?: readonly RegExp[]
  /** Why reading stops. */
  readonly stops?: RegExp
}

const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('key\n', 'utf16le')])

const FAULTS: readonly Fault[] = [
  {
    name: 'a byte order mark and CRLF',
    source: 'csv',
    file: `\ufeffkey,externalUserId\r\n${A},u1\r\n\r\n${B},u2\r\n`,
    keys: [A, B],
  },
  {
    name: 'ends of lines of old',
    source: 'csv',
    file: `key,externalUserId\r${A},u1\r${B},u2\r`,
    keys: [A, B],
  },
  {
    name: 'a byte order mark before JSON',
    source: 'ndjson',
    file: `\ufeff${json(A)}\r\n${json(B)}`,
    keys: [A, B],
  },
  {
    name: 'semicolons, and quotes over lines',
    source: 'csv',
    file: `key;externalUserId;description\n${A};u1;"two\nlines; ""quoted"""\n${B};u2;x`,
    keys: [A, B],
  },
  {
    name: 'a line with a field too few in the middle',
    source: 'csv',
    file: `key,externalUserId\n${A},u1\n${B}\n${C},u3\n`,
    keys: [A, C],
    refused: [/^3: this line has 1 fields and the first line names 2: the line may be cut off/],
  },
  {
    name: 'a line with a field too many',
    source: 'csv',
    file: `key,externalUserId\n${A},u1,x\n${C},u3\n`,
    keys: [C],
    refused: [/^2: this line has 3 fields.*delimiter unquoted/],
  },
  {
    name: 'a quote that is never closed',
    source: 'csv',
    file: `key,externalUserId\n"${A},u1\n${B},u2\n${C},u3\n`,
    keys: [B, C],
    refused: [/^2: a quote that opens in this record is not closed/],
  },
  {
    name: 'text after a closing quote',
    source: 'csv',
    file: `key,externalUserId\n"${A}"x,u1\n${B},u2\n`,
    keys: [B],
    refused: [/^2: after a closing quote there is more/],
  },
  {
    name: 'a file of other quotes altogether',
    source: 'csv',
    file: `key,externalUserId\n${'"a" b,c\n'.repeat(1_001)}`,
    stops: /^Line 1002: .*is this CSV\?/,
  },
  {
    name: 'a column that is there twice',
    source: 'csv',
    file: `key,key\n${A},${B}\n`,
    stops: /^Line 1: the column key is there twice/,
  },
  ...(
    [
      ['rate_limit', 'rateLimits'],
      ['rateLimts', 'rateLimits'],
      ['quotas', 'quota'],
    ] as const
  ).map(([field, meant]) => ({
    name: `a ${field}, which would limit nothing`,
    source: 'ndjson' as const,
    file: `${json(A)}\n{"key":"${B}","${field}":{"limit":5,"period":"day"}}\n`,
    keys: [A],
    stops: new RegExp(
      `^Line 2: the field ${field} would become metadata and limit nothing: rename it to ${meant}`,
    ),
  })),
  {
    name: 'limits that are none, each of which costs its row only',
    source: 'csv',
    file: [
      'key,externalUserId,quota,rateLimits',
      `${A},u1,"{""limit"":5,""period"":""day""}","[{""name"":""m"",""limit"":5,""windowSeconds"":60}]"`,
      `${B},u2,5 a day,`,
      `${B},u2,5,`,
      `${B},u2,{“limit”:5},`,
      `${B},u2,,100/60s`,
      `${B},u2,"{""limit"":0,""period"":""day""}",`,
      `${B},u2,"{""limit"":""5"",""period"":""day""}",`,
      `${B},u2,[],`,
      `${B},u2,,{}`,
      `${B},u2,,"[{""name"":""m"",""limit"":5}]"`,
      `${B},u2,,"[{""name"":""quota"",""limit"":5,""windowSeconds"":60}]"`,
      `${B},u2,NULL,`,
    ].join('\n'),
    keys: [A, B],
    refused: [
      /^3: its quota cannot be read: write JSON such as \{"limit":10000,"period":"month"\}, with straight quotes\.$/,
      /^4: its quota cannot be read/,
      /^5: its quota cannot be read/,
      /^6: its rateLimits cannot be read: write JSON such as \[\{"name":/,
      /^7: \/quota\/limit: must be 1 or more; got 0\.$/,
      /^8: \/quota\/limit: must be an integer; got a string\.$/,
      /^9: \/quota: must be a JSON object or null; got an array\.$/,
      /^10: \/rateLimits: must be an array or null; got a JSON object\.$/,
      /^11: \/rateLimits\/0\/windowSeconds: is required\.$/,
      /^12: \/rateLimits\/0\/name: cannot be quota/,
    ],
  },
  {
    name: 'no first line with names, which may hold a key',
    source: 'csv',
    file: `${A},u1\n${B},u2\n`,
    stops: /^Line 1: these are not the fields of csv.* Here are a text of 37 characters, u1\.$/,
  },
  {
    name: 'names that a terminal would obey',
    source: 'ndjson',
    file: `${json(A)}\n{"key":"${B}","\\u001b[2Jx":1,"\\u001b[2J_x":2}\n{"key":"${B}","externalUserId":"u","quota":{"limit":1,"period":"day","\\u202ex\\u0007":1}}\n`,
    keys: [A],
    refused: [
      /^2: it has one field in two spellings, {2}\[2Jx and {2}\[2J_x: leave one out/,
      /^3: \/quota\/ x : is not a field/,
    ],
  },
  {
    name: 'columns of a key that are meant as metadata',
    source: 'csv',
    file: `key,externalUserId,mode,status,enabled,expires_at\n${A},u1,fast,fine,perhaps,soon\n`,
    options: { metadataColumns: ['mode', 'STATUS', 'enabled', 'expiresAt'] },
    keys: [A],
  },
  {
    name: 'a quota that is meant as metadata',
    source: 'ndjson',
    file: `{"key":"${A}","externalUserId":"u","quota":5}\n`,
    options: { metadataColumns: ['quota'] },
    keys: [A],
  },
  {
    name: 'a field in two spellings, which costs its item only',
    source: 'ndjson',
    file: `{"key":"${A}","userId":"usr_1","user_id":"usr_2"}\n{"key":"${B}","externalUserId":"u","user_id":null,"userId":null}\n`,
    keys: [B],
    refused: [/^1: it has one field in two spellings, userId and user_id: leave one out/],
  },
  {
    name: 'a column in two spellings, where a row fills both',
    source: 'csv',
    file: `key,expiresAt,expires_at\n${A},2027-01-31,\n${B},2027-01-31,2099-01-31\n`,
    keys: [A],
    refused: [/^3: it has one field in two spellings, expiresAt and expires_at/],
  },
  {
    name: 'two spellings in one credential of a consumer',
    source: 'kong',
    file: JSON.stringify({
      consumers: [{ username: 'jack', keyauth_credentials: [{ key: A, ttl: 1, TTL: 2 }, { key: B }] }],
    }),
    keys: [B],
    refused: [/^1: it has one field in two spellings, ttl and TTL/],
  },
  {
    name: 'a broken line of JSON in the middle',
    source: 'ndjson',
    file: `${json(A)}\n{"key":"x",,}\n${json(C)}\n`,
    keys: [A, C],
    refused: [/^2: this is no JSON, from column 12 on/],
  },
  {
    name: 'a line of JSON that is no object',
    source: 'ndjson',
    file: `${json(A)}\n42\n`,
    keys: [A],
    refused: [/^2: this is no object/],
  },
  {
    name: 'JSON lines cut short',
    source: 'ndjson',
    file: `${json(A)}\n{"key":"acme_Pq`,
    keys: [A],
    stops: /^Line 2: the file ends in the middle of the item.*cut off/,
  },
  {
    name: 'an array',
    source: 'ndjson',
    file: `[\n${json(A)},\n{"key": oops},\n${json(C)}\n]`,
    keys: [A, C],
    refused: [/^3: this is no JSON, from column 9 on/],
  },
  {
    name: 'an array cut short',
    source: 'ndjson',
    file: `[${json(A)},\n${json(B)}`,
    keys: [A, B],
    stops: /^Line 2: the file ends in the middle/,
  },
  {
    name: 'objects over several lines',
    source: 'ndjson',
    file: `{\n"key": "${A}",\n"externalUserId": "u1"}\n{\n"key": "${B}",\n"externalUserId": "u1"}\n`,
    keys: [A, B],
  },
  {
    name: 'an answer without the list',
    source: 'apisix',
    file: '{\n"error_msg": "failed to check token"}',
    stops: /^Line 1: there is no list named list or nodes or kvs/,
  },
  { name: 'a bracket too many', source: 'apisix', file: '{"list":[]}]', stops: /closes nothing/ },
  {
    name: 'YAML cut short in an item',
    source: 'kong',
    file: `consumers:\n- username: a\n  keyauth_credentials:\n  - key: ${A}\n- username: b\n  keyauth_credentials: [`,
    keys: [A],
    refused: [/^5: this is no YAML/],
  },
  {
    name: 'YAML with an anchor elsewhere',
    source: 'kong',
    file: `consumers:\n- username: a\n  keyauth_credentials: *keys\n- username: b\n  keyauth_credentials:\n  - key: ${B}\n`,
    keys: [B],
    refused: [/^2: this is no YAML/],
  },
  {
    name: 'YAML without consumers',
    source: 'kong',
    file: 'services:\n- name: a\n',
    stops: /There is no list named consumers or keyauth_credentials/,
  },
  { name: 'an empty file', source: 'csv', file: '', stops: /The file is empty/ },
  { name: 'blanks', source: 'csv', file: '\n\n  \n', stops: /nothing but blanks/ },
  { name: 'UTF-16', source: 'csv', file: utf16, stops: /The file is UTF-16: save it as UTF-8/ },
  {
    name: 'Latin-1',
    source: 'csv',
    file: Buffer.from(`key,description\n${A},caf\xe9\n`, 'latin1'),
    stops: /^Line \d: from here on the file is not UTF-8/,
  },
  { name: 'gzip', source: 'csv', file: Buffer.from([0x1f, 0x8b, 8, 0]), stops: /compressed with gzip/ },
  {
    name: 'a spreadsheet',
    source: 'aws',
    file: Buffer.from('PK\x03\x04xx'),
    stops: /spreadsheet.*save it as CSV/,
  },
  {
    name: 'a SQLite database for another source',
    source: 'sanctum',
    file: Buffer.from('SQLite format 3\0'),
    stops: /only better-auth is read from one directly/,
  },
  {
    name: 'the table of another system',
    source: 'unkey',
    file: 'id,tokenable_type,tokenable_id,name,token,abilities\n',
    stops: /^Line 1: these are not the fields of unkey.*say --from sanctum/,
  },
  {
    name: 'JSON of another system',
    source: 'sanctum',
    file: `${JSON.stringify({ key: 'x', start: 'y', referenceId: 'u', rateLimitEnabled: true })}\n`,
    stops: /^Line 1: .*say --from better-auth/,
  },
  {
    name: 'Unkey without its permissions',
    source: 'unkey',
    file: 'id,hash,start,key_auth_id\n',
    stops: /^Line 1: the column permissions is missing.*or no key could do anything/,
  },
  {
    name: 'Unkey without its permissions, further down',
    source: 'unkey',
    file: `${JSON.stringify({ keyId: 'k', start: 'acme_', plaintext: A })}\n${JSON.stringify({ hash: hashOf(B), start: 'acme_' })}\n`,
    stops: /^Line 2: the column permissions is missing/,
  },
  {
    name: 'no table at all',
    source: 'csv',
    file: 'Dear colleague, here are the keys.\n',
    stops: /^Line 1: these are not the fields of csv, which has key; or hash/,
  },
  {
    name: 'a misspelt allowlist',
    source: 'csv',
    file: `key,whitelistedIP\n${A},10.0.0.1\n`,
    stops:
      /^Line 1: the field whitelistedIP would become metadata and limit nothing: rename it to whitelistedIPs/,
  },
  {
    name: 'a limit under another name',
    source: 'ndjson',
    file: `${JSON.stringify({ key: A, allowed_ips: ['10.0.0.1'] })}\n`,
    stops: /the field allowed_ips.*whitelistedIPs/,
  },
  ...[
    ['scopes', ['orders:read'], 'permissions'] as const,
    ['expires', '2025-01-01', 'expiresAt'] as const,
    ['allowed_ips', ['192.0.2.0/24'], 'whitelistedIPs'] as const,
    ['revoked', true, 'status'] as const,
    ['whitelistedIP', '192.0.2.1', 'whitelistedIPs'] as const,
  ].map(
    ([name, value, meant]): Fault => ({
      name: `${name} in a later line only`,
      source: 'ndjson',
      file: `${json(A)}\n${json(B)}\n${JSON.stringify({ key: C, externalUserId: 'u1', [name]: value })}\n`,
      stops: new RegExp(
        `^Line 3: the field ${name} would become metadata and limit nothing: rename it to ${meant}`,
      ),
    }),
  ),
  {
    name: 'a limit in an array, after more names than are remembered',
    source: 'ndjson',
    file: JSON.stringify([
      ...Array.from({ length: 1_100 }, (_, index) => ({
        key: A,
        externalUserId: 'u1',
        [`note ${index}`]: 'x',
      })),
      { key: B, externalUserId: 'u1', scopes: ['orders:read'] },
    ]),
    stops: /^Line 1: the field scopes would become metadata/,
  },
  {
    name: 'a later line without a key, and metadata of its own in each',
    source: 'ndjson',
    file: [
      { key: A, externalUserId: 'u1', team: 'red' },
      { externalUserId: 'u1', floor: '3' },
      { key: B, externalUserId: 'u1', constructor: 'Acme' },
    ]
      .map((fields) => `${JSON.stringify(fields)}\n`)
      .join(''),
    keys: [A, B],
    refused: [/^2: it has neither a key nor a hash/],
  },
  {
    name: 'columns that later lines only have, and that are said to be metadata',
    source: 'ndjson',
    options: { metadataColumns: ['scopes'] },
    file: `${json(A)}\n${JSON.stringify({ key: B, externalUserId: 'u1', scopes: 'all' })}\n`,
    keys: [A, B],
  },
  {
    name: 'a column that is said to be metadata',
    source: 'csv',
    options: { metadataColumns: ['scopes'] },
    file: `key,externalUserId,scopes\n${A},u1,all\n`,
    keys: [A],
  },
  {
    name: 'digests given as texts',
    source: 'csv',
    file: `key,externalUserId\n${hashOf('a')},u1\n${Buffer.from(hashOf('a'), 'hex').toString('base64')},u1\n${hashOf('a').slice(0, 40)},u1\n`,
    refused: [
      /^2: the key looks like a digest.*--raw-digests-are-keys/,
      /^3: the key looks like a digest/,
      /^4: the key looks like a digest/,
    ],
  },
  {
    name: 'texts that look like digests and are said to be texts',
    source: 'csv',
    options: { rawDigestsAreKeys: true },
    file: `key,externalUserId\n${hashOf('a')},u1\n`,
    keys: [hashOf('a')],
  },
  {
    name: 'a digest in the table of a gateway',
    source: 'kong',
    file: `key,consumer_id\n${hashOf('a')},c\n${hashOf('a').slice(0, 32)},c\n`,
    keys: [hashOf('a').slice(0, 32)],
    refused: [/^2: the key looks like a digest/],
  },
  {
    name: 'texts that can be guessed',
    source: 'csv',
    file: [
      'key,externalUserId',
      'short,u',
      'my-test-key-for-the-new-customer,u',
      '11111111111111111111111111,u',
      'abcabcabcabcabcabcabcabc,u',
      'abcdefghijklmnopqrstuvwxyz,u',
      'customer-2024-0001-key,u',
    ].join('\n'),
    refused: [
      /^2: the key has 5 characters.*fewer than 20/,
      /^3: the key has some \d+ bits/,
      /^4: .*bits/,
      /^5: .*bits/,
      /^6: .*bits/,
      /^7: .*bits/,
    ],
  },
  {
    name: 'texts that no header brings',
    source: 'ndjson',
    file: `${json(`${A}é`)}\n${json(` ${A}`)}\n${json('x'.repeat(513))}\n${json(`lk_live_${A}`)}\n`,
    refused: [
      /^1: .*not printable ASCII/,
      /^2: .*begins or ends with a space/,
      /^3: .*513 characters/,
      /^4: .*this deployment's own keys/,
    ],
  },
  {
    name: 'a hash without its format',
    source: 'csv',
    file: `hash,externalUserId\n${hashOf('a')},u\n`,
    refused: [/^2: it does not say how its hash was made: give the format/],
  },
  {
    name: 'a hash of another length than the format',
    source: 'csv',
    options: { format: { algorithm: 'sha512', input: 'whole' } },
    file: `hash,externalUserId\n${hashOf('a')},u\n`,
    refused: [/^2: the hash has 32 bytes and not the 64 of sha512/],
  },
  {
    name: 'the hash of nothing',
    source: 'sanctum',
    file: `tokenable_type,tokenable_id,token,abilities\nUser,1,${hashOf('')},"[""*""]"\n`,
    refused: [/^2: the hash is that of nothing/],
  },
  {
    name: 'slow and weak hashes',
    source: 'csv',
    options: { format: { algorithm: 'sha256', input: 'whole' } },
    file: `hash\n$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW\nd41d8cd98f00b204e9800998ecf8427e\n`,
    refused: [/^2: the hash is a hash of bcrypt.*one by one/, /^3: the hash has 16 bytes.*MD5/],
  },
  {
    name: 'neither or both',
    source: 'ndjson',
    options: { format: { algorithm: 'sha256', input: 'whole' } },
    file: `${json(A)}\n{"externalUserId":"u"}\n${JSON.stringify({ key: A, hash: hashOf(A) })}\n`,
    keys: [A],
    refused: [/^2: it has neither a key nor a hash/, /^3: it has both a key and a hash/],
  },
  {
    name: 'fields that cannot be',
    source: 'ndjson',
    file: [
      { expiresAt: 'soon' },
      { expiresAt: 99999999999999 },
      { enabled: 'maybe' },
      { status: 'asleep' },
      { mode: 'beta' },
      { permissions: ['Orders'] },
      { permissions: 7 },
      { whitelistedIPs: ['10.0.0.300'] },
      { externalUserId: 'x'.repeat(201) },
      { createdAt: '2026-02-30' },
      { status: 'constructor' },
    ]
      .map((fields) => JSON.stringify({ key: A, ...fields }))
      .join('\n'),
    refused: [
      /^1: expiresAt is "soon", which is no time/,
      /^2: expiresAt is/,
      /^3: enabled is "maybe"/,
      /^4: its status must be/,
      /^5: its mode must be/,
      /^6: the permission "Orders"/,
      /^7: its permissions are no list/,
      /^8: its list of addresses: "10.0.0.300"/,
      /^9: the id of its owner/,
      /^10: createdAt is "2026-02-30"/,
      /^11: its status must be/,
    ],
  },
  {
    name: 'a key in a wrong field',
    source: 'ndjson',
    file: ['expiresAt', 'createdAt', 'enabled', 'status', 'mode', 'permissions', 'whitelistedIPs', 'format']
      .map((field) => JSON.stringify({ key: A, [field]: field === 'permissions' ? [B] : B }))
      .join('\n'),
    refused: [
      /^1: expiresAt is a text of 37 characters, which is no time/,
      /^2: createdAt is a text of 37 characters/,
      /^3: enabled is a text of 37 characters/,
      /^4: its status must be/,
      /^5: its mode must be/,
      /^6: the permission a text of 37 characters/,
      /^7: its list of addresses: a text of 37 characters/,
      /^8: /,
    ],
  },
  {
    name: 'a number that lost its digits',
    source: 'kong',
    file: 'consumers:\n- username: a\n  keyauth_credentials:\n  - key: 12345678901234567890123456\n',
    refused: [/^2: key is a number too long/],
  },
  {
    name: 'a list of addresses that are not allowed',
    source: 'kong',
    file: `consumers:\n- username: a\n  keyauth_credentials:\n  - key: ${A}\n  plugins:\n  - name: ip-restriction\n    config: {deny: [192.0.2.1]}\n`,
    refused: [/^2: its owner has a list of addresses that are not allowed/],
  },
  {
    name: 'abilities of another form',
    source: 'sanctum',
    file: `tokenable_type,tokenable_id,token,abilities\nUser,1,${hashOf(A)},"[""read""]"\nUser,1,${hashOf(B)},read\n`,
    refused: [
      /^2: the permission "read" is not of the form area:action: choose an area/,
      /^3: its abilities are no list/,
    ],
  },
]

describe.each(FAULTS)('$name', ({ source, file, options, keys = [], refused = [], stops }) => {
  it.each([65_536, 3])(
    'is told with the line, and costs no other row, in pieces of %i bytes',
    async (pieceBytes) => {
      const read = readAll(source, file, options, pieceBytes)
      if (stops !== undefined) {
        await expect(read).rejects.toThrow(stops)
        return
      }
      const entries = await read
      expect(rowsOf(entries).map((row) => ('key' in row ? row.key.reveal() : 'hash'))).toEqual(keys)
      expect(refusals(entries)).toEqual(refused.map((pattern) => expect.stringMatching(pattern)))
      for (const key of [A, B, C]) expect(refusals(entries).join('\n')).not.toContain(key)
    },
  )
})

it('of very many fields that find no place the first are told by name, and the others by their number', async () => {
  const fields = Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`field-${n}`, n]))
  const [row] = rowsOf(await readAll('ndjson', JSON.stringify({ key: A, externalUserId: 'u', ...fields })))
  expect(Object.keys(row!.metadata)).toHaveLength(50)
  expect(row!.notes.filter((note) => /^field-\d+ is left out/.test(note))).toHaveLength(100)
  expect(row!.notes.at(-1)).toBe('19,850 more are left out, too.')
})
