/** A mistake in LATCHKEY_ISSUERS_FILE stops the start, with one sentence that says where and what. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ConfigError } from '../../src/config.ts'
import { readIssuersFile } from '../../src/issuers-file.ts'
import { startTestServer } from '../harness.ts'
import { createSelfSigned } from './self-signed.ts'

const OWN_ISSUER = 'https://keys.example.com'

let directory: string
let file: string

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'latchkey-issuers-'))
  file = join(directory, 'issuers.json')
  writeFileSync(join(directory, 'ca.pem'), createSelfSigned().cert)
  writeFileSync(join(directory, 'empty.pem'), 'not a certificate\n')
})
afterAll(() => rmSync(directory, { recursive: true }))

const good = {
  issuer: 'https://login.example.com/',
  audience: 'https://keys.example.com',
  algorithms: ['RS256'],
  jwksUrl: 'https://login.example.com/.well-known/jwks.json',
  companies: ['org_9xK2'],
  company: { claim: 'org_id' },
  user: { claim: 'sub' },
}
const read = (value: unknown) => {
  writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value))
  return readIssuersFile(file, OWN_ISSUER)
}

test('an entry needs seven fields; ids are those of the host application, lives an hour, unless it says', () => {
  expect(read([good])).toEqual([
    {
      ...good,
      audienceClaim: 'aud',
      companies: { named: new Set(['org_9xK2']), isEveryTenant: false },
      maxLifetimeSeconds: 3_600,
      company: { claim: 'org_id', by: 'externalId' },
      user: { claim: 'sub', by: 'externalId' },
    },
  ])
})

test('an entry with everything is taken as it stands', () => {
  const entry = {
    ...good,
    audienceClaim: 'client_id',
    companies: ['*', 'cmp_1'],
    algorithms: ['ES256', 'EdDSA'],
    maxLifetimeSeconds: 86_400,
    company: { claim: 'https://example.com/company', by: 'id' },
    user: { claim: 'oid', by: 'id' },
  }
  const { ca, ...rest } = read([{ ...entry, caFile: join(directory, 'ca.pem') }])[0]!
  expect(rest).toEqual({ ...entry, companies: { named: new Set(['cmp_1']), isEveryTenant: true } })
  expect(ca).toMatch(/^-----BEGIN CERTIFICATE-----/)
})

test('the examples of the documentation are taken', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../../docs/use/tokens.md'), 'utf8')
  const [, example = ''] = /```json\n(\[[^`]*)```/.exec(page) ?? []
  const names = read(example).map(({ issuer }) => new URL(issuer).hostname)
  expect(names).toEqual([
    'acme.eu.auth0.com',
    'sso.example.com',
    'login.microsoftonline.com',
    'cognito-idp.eu-central-1.amazonaws.com',
  ])
})

test('of one company, the tokens need not name it', () => {
  const { company: _, ...one } = good
  expect(read([one])[0]).not.toHaveProperty('company')
})

test('a file that begins with a byte order mark is read', () => {
  expect(read(`\ufeff${JSON.stringify([good])}`)).toHaveLength(1)
})

test('an empty list trusts nobody', () => expect(read([])).toEqual([]))

const without = (name: keyof typeof good) => {
  const { [name]: _, ...rest } = good
  return [rest]
}
test.each<readonly [string, unknown, string]>([
  ['no JSON', '[{', 'cannot be read as JSON'],
  ['an object', good, 'must hold a JSON array of issuers'],
  ['a text in the list', ['https://login.example.com/'], 'entry 1: not a JSON object'],
  ['a list in the list', [[good]], 'entry 1: not a JSON object'],
  [
    'a misspelt field',
    [good, { ...good, jwksUri: '' }],
    'entry 2: the unknown field jwksUri; known are issuer,',
  ],
  ['no issuer', without('issuer'), 'issuer must be a text'],
  ['an empty issuer', [{ ...good, issuer: '' }], 'issuer must be a text'],
  ['no audience', without('audience'), 'audience must be a text'],
  ['a list of audiences', [{ ...good, audience: ['a'] }], 'audience must be a text'],
  ['no algorithms', without('algorithms'), 'algorithms must be a list of some of EdDSA,'],
  [
    'an empty list of algorithms',
    [{ ...good, algorithms: [] }],
    'algorithms must be a list of some of EdDSA,',
  ],
  ['a shared secret’s algorithm', [{ ...good, algorithms: ['RS256', 'HS256'] }], 'algorithms must be'],
  ['no algorithm at all', [{ ...good, algorithms: ['none'] }], 'algorithms must be'],
  ['one algorithm as text', [{ ...good, algorithms: 'RS256' }], 'algorithms must be'],
  ['no address', without('jwksUrl'), 'jwksUrl must begin with https://; it is missing'],
  [
    'an address without TLS',
    [{ ...good, jwksUrl: 'http://login.example.com/jwks' }],
    'must begin with https://',
  ],
  [
    'an address on localhost without TLS',
    [{ ...good, jwksUrl: 'http://localhost/' }],
    'must begin with https://',
  ],
  ['a file for an address', [{ ...good, jwksUrl: 'file:///etc/passwd' }], 'must begin with https://'],
  ['an address that is none', [{ ...good, jwksUrl: 'login.example.com' }], 'must begin with https://'],
  ['a life of nothing', [{ ...good, maxLifetimeSeconds: 0 }], 'a whole number from 1 to 86400'],
  ['a life of half a second', [{ ...good, maxLifetimeSeconds: 0.5 }], 'a whole number from 1 to 86400'],
  ['a life of more than a day', [{ ...good, maxLifetimeSeconds: 86_401 }], 'a whole number from 1 to 86400'],
  ['a life as text', [{ ...good, maxLifetimeSeconds: '3600' }], 'a whole number from 1 to 86400'],
  [
    'no company among several',
    [{ ...without('company')[0], companies: ['a', 'b'] }],
    'company must look like {"claim": "org", "by": "externalId"}',
  ],
  [
    'no company among all',
    [{ ...without('company')[0], companies: ['*'] }],
    'it is missing, which is possible',
  ],
  ['no companies, as before they were asked for', without('companies'), 'companies must list the companies'],
  ['an empty list of companies', [{ ...good, companies: [] }], 'companies must list the companies'],
  ['one company as text', [{ ...good, companies: 'org_9xK2' }], 'companies must list the companies'],
  ['an empty company', [{ ...good, companies: [''] }], 'companies must list the companies'],
  ['companies that are null', [{ ...good, companies: null }], 'companies must list the companies'],
  ['an object of companies', [{ ...good, companies: [{ id: 'a' }] }], 'companies must list the companies'],
  ['a misspelt list of companies', [{ ...good, company_ids: ['a'] }], 'the unknown field company_ids'],
  [
    'a list of companies given twice',
    `[{"companies":["org_9xK2"],${JSON.stringify({ ...good, companies: ['*'] }).slice(1)}]`,
    'cannot be read as JSON (',
  ],
  [
    'an audience claim that every token has',
    [{ ...good, audienceClaim: 'iss' }],
    'audienceClaim must be the name of the claim that says who a token is for, such as client_id',
  ],
  ['an empty audience claim', [{ ...good, audienceClaim: '' }], 'audienceClaim must be the name'],
  ['a list of audience claims', [{ ...good, audienceClaim: ['azp'] }], 'audienceClaim must be the name'],
  ['no user', without('user'), 'user must look like {"claim": "org", "by": "externalId"}'],
  ['a claim’s name alone', [{ ...good, user: 'sub' }], 'user must look like'],
  [
    'an unknown way to look up',
    [{ ...good, user: { claim: 'email', by: 'email' } }],
    'by is externalId or id',
  ],
  ['a certificate that is not there', [{ ...good, caFile: '/nowhere.pem' }], 'caFile cannot be read'],
  ['one issuer twice', [good, good], 'names one issuer twice'],
  [
    'this service itself',
    [{ ...good, issuer: OWN_ISSUER }],
    `names this service's own issuer, ${OWN_ISSUER}`,
  ],
])('%s', (_, value, words) => {
  expect(() => read(value)).toThrow(ConfigError)
  expect(() => read(value)).toThrow(words)
  expect(() => read(value)).toThrow(`LATCHKEY_ISSUERS_FILE: the issuers file ${file} `)
  // One sentence, on one line.
  expect(() => read(value)).toThrow(/^[^\n]+[.?]$/)
})

test('a certificate file without a certificate is refused at the start, not at the first token', () => {
  const caFile = join(directory, 'empty.pem')
  expect(() => read([{ ...good, caFile }])).toThrow(`caFile ${caFile} holds no certificate`)
})

test('a misspelt field inside company or user is refused too', () => {
  expect(() => read([{ ...good, user: { claim: 'sub', By: 'id' } }])).toThrow(
    'user has the unknown field By; known are claim, by; did you mean by?',
  )
})

test('a file that is not there stops the start', async () => {
  const environment = { LATCHKEY_ISSUERS_FILE: join(directory, 'nowhere.json') }
  await expect(startTestServer(environment)).rejects.toThrow('nowhere.json cannot be read')
})

test('an address without TLS stops the start', async () => {
  writeFileSync(file, JSON.stringify([{ ...good, jwksUrl: 'http://login.example.com/jwks' }]))
  await expect(startTestServer({ LATCHKEY_ISSUERS_FILE: file })).rejects.toThrow('must begin with https://')
})
