import { X509Certificate } from 'node:crypto'
import { parseJson } from '@latchkey/core/json-text'
import { nearest } from '@latchkey/core/nearest'
import { isRepeatable } from '@latchkey/core/repeatable'
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js'
import { type Static, Type } from 'typebox'
import type { IssuerConfig } from './auth/outside-issuers.ts'
import { ConfigError } from './config.ts'
import { readGivenFile } from './storage/given-file.ts'

/** Signatures by a key pair only: with a shared secret whoever verifies could also sign. */
const ALGORITHMS = [
  'EdDSA',
  'Ed25519',
  'ES256',
  'ES384',
  'ES512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
]
/** They are in every token of the issuer, whoever it is for. */
const NOT_AN_AUDIENCE = ['iss', 'sub', 'exp', 'nbf', 'iat', 'jti']
const LIFETIME_SECONDS_MAX = 24 * 60 * 60
const LIFETIME_SECONDS_DEFAULT = 60 * 60
/** Of one issuer, in a set: about 100 bytes each. */
const COMPANIES_MAX = 10_000

/** In `companies`: all but the operator's, which has to be named. */
const EVERY_TENANT = '*'

const CLOSED = { additionalProperties: false }
const Text = Type.String({ minLength: 1 })
const Link = Type.Object(
  { claim: Text, by: Type.Optional(Type.Unsafe<'id' | 'externalId'>({ enum: ['externalId', 'id'] })) },
  CLOSED,
)
const IssuerSchema = Type.Object(
  {
    issuer: Text,
    audience: Text,
    audienceClaim: Type.Optional(Type.String({ minLength: 1, not: { enum: NOT_AN_AUDIENCE } })),
    algorithms: Type.Array(Type.Unsafe<string>({ enum: ALGORITHMS }), { minItems: 1 }),
    jwksUrl: Type.String({ pattern: '^https://.' }),
    maxLifetimeSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: LIFETIME_SECONDS_MAX })),
    companies: Type.Array(Text, { minItems: 1, maxItems: COMPANIES_MAX }),
    company: Type.Optional(Link),
    user: Link,
    caFile: Type.Optional(Text),
  },
  CLOSED,
)
type Issuer = Static<typeof IssuerSchema>

const LINK = 'must look like {"claim": "org", "by": "externalId"}; by is externalId or id'
/** What is right, to follow the field's name. */
const REMEDIES: Readonly<Record<keyof Issuer, string>> = {
  issuer: 'must be a text: iss of the tokens, to the character',
  audience: 'must be a text: what aud of the tokens names',
  audienceClaim: 'must be the name of the claim that says who a token is for, such as client_id',
  algorithms: `must be a list of some of ${ALGORITHMS.join(', ')}`,
  jwksUrl: 'must begin with https://',
  maxLifetimeSeconds: `must be a whole number from 1 to ${LIFETIME_SECONDS_MAX}`,
  companies:
    'must list the companies that the issuer speaks for, by externalId or id, such as ["org_9xK2"]; ' +
    '["*"] is every company but the operator’s',
  company: LINK,
  user: LINK,
  caFile: 'must be a text: the path of a file with certificates in PEM form',
}

/** Reads LATCHKEY_ISSUERS_FILE. Throws ConfigError that names the entry, the field and the remedy. */
export function readIssuersFile(file: string, ownIssuer: string | null): IssuerConfig[] {
  const fail = (what: string): never => {
    const end = what.endsWith('?') ? '' : '.'
    throw new ConfigError(`LATCHKEY_ISSUERS_FILE: the issuers file ${file} ${what}${end}`)
  }
  const entries = parseFile(file, fail)
  const validate = new Ajv2020({ verbose: true, strict: true }).compile<Issuer>(IssuerSchema)
  const issuers = entries.map((entry, index) => {
    const failHere = (what: string) => fail(`has in entry ${index + 1}: ${what}`)
    if (validate(entry)) return configOf(entry, failHere)
    return failHere(explain(validate.errors?.[0]))
  })
  const names = issuers.map(({ issuer }) => issuer)
  if (new Set(names).size !== names.length) fail('names one issuer twice')
  if (ownIssuer !== null && names.includes(ownIssuer)) fail(`names this service's own issuer, ${ownIssuer}`)
  return issuers
}

type Fail = (what: string) => never

function parseFile(file: string, fail: Fail): unknown[] {
  let entries: unknown
  try {
    // A name given twice is refused there: of two lists of companies neither is to win in silence.
    entries = parseJson(withoutMark(readGivenFile(file)))
  } catch (error) {
    return fail(`cannot be read as JSON (${reasonOf(error).replace(/^The body /, 'it ')})`)
  }
  return Array.isArray(entries) ? entries : fail('must hold a JSON array of issuers')
}

function explain(error: ErrorObject | undefined): string {
  if (error === undefined) return 'a field that is not right'
  const [, field, inner] = error.instancePath.split('/')
  if (error.keyword === 'additionalProperties') {
    const name = String(error.params.additionalProperty)
    const known = Object.keys((error.parentSchema as { properties: object }).properties)
    const suggestion = nearest(name, known)
    const where = field === undefined ? '' : `${field} has `
    const hint = suggestion === undefined ? '' : `; did you mean ${suggestion}?`
    const shown = isRepeatable(name) || suggestion !== undefined ? name : 'of a longer name'
    return `${where}the unknown field ${shown}; known are ${known.join(', ')}${hint}`
  }
  if (field === undefined && error.keyword === 'required') {
    const name = String(error.params.missingProperty)
    return `${name} ${REMEDIES[name as keyof Issuer]}; it is missing`
  }
  if (field === undefined) return 'not a JSON object'
  const isInList = inner !== undefined && /^\d+$/.test(inner)
  return `${field} ${REMEDIES[field as keyof Issuer]}${isInList ? got(error.data) : ''}`
}

/** Only short texts are repeated: somebody may have pasted something else. */
const got = (value: unknown): string =>
  typeof value === 'string' && /^[\w.*-]{1,40}$/.test(value) ? `; got ${value}` : ''

function configOf(entry: Issuer, fail: Fail): IssuerConfig {
  const { caFile, company, user, companies, maxLifetimeSeconds, audienceClaim = 'aud', ...rest } = entry
  if (!URL.canParse(rest.jwksUrl)) fail('jwksUrl must be a URL that begins with https://')
  if (company === undefined && (companies.length !== 1 || companies.includes(EVERY_TENANT))) {
    fail(
      `company ${LINK}; it is missing, which is possible only when companies lists one company: then that is ` +
        'the company of every token',
    )
  }
  return {
    ...rest,
    audienceClaim,
    maxLifetimeSeconds: maxLifetimeSeconds ?? LIFETIME_SECONDS_DEFAULT,
    companies: {
      named: new Set(companies.filter((company) => company !== EVERY_TENANT)),
      isEveryTenant: companies.includes(EVERY_TENANT),
    },
    ...(company === undefined ? {} : { company: { by: 'externalId', ...company } }),
    user: { by: 'externalId', ...user },
    ...(caFile === undefined ? {} : { ca: readCa(caFile, fail) }),
  }
}

function readCa(file: string, fail: Fail): string {
  let pem: string
  try {
    pem = readGivenFile(file).toString('utf8')
  } catch (error) {
    return fail(`caFile cannot be read (${reasonOf(error)})`)
  }
  try {
    new X509Certificate(pem)
  } catch {
    // TLS would ignore it silently, and every key set would look untrusted later.
    return fail(`caFile ${file} holds no certificate in PEM form`)
  }
  return pem
}

/** Some editors begin every file with a byte order mark. */
const withoutMark = (bytes: Buffer): Buffer =>
  bytes.subarray(0, 3).equals(Buffer.from('\ufeff')) ? bytes.subarray(3) : bytes

const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/\.$/, '')
