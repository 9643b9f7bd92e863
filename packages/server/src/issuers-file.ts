import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { ClaimLink, IssuerConfig } from './auth/outside-issuers.ts'
import { ConfigError } from './config.ts'

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
const FIELDS = [
  'issuer',
  'audience',
  'algorithms',
  'jwksUrl',
  'maxLifetimeSeconds',
  'company',
  'user',
  'caFile',
]
const LIFETIME_SECONDS_MAX = 24 * 60 * 60
const LIFETIME_SECONDS_DEFAULT = 60 * 60

/** Reads LATCHKEY_ISSUERS_FILE. Throws ConfigError that names the issuer, the field and the remedy. */
export function readIssuersFile(file: string, ownIssuer: string): IssuerConfig[] {
  const fail = (what: string): never => {
    throw new ConfigError(`LATCHKEY_ISSUERS_FILE: the issuers file ${file} ${what}.`)
  }
  let entries: unknown
  try {
    entries = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    fail(`cannot be read as JSON (${error instanceof Error ? error.message : String(error)})`)
  }
  if (!Array.isArray(entries)) return fail('must hold a JSON array of issuers')
  const issuers = entries.map((entry, index) =>
    parseIssuer(entry, (what) => fail(`has in entry ${index + 1}: ${what}`)),
  )
  const names = issuers.map(({ issuer }) => issuer)
  if (new Set(names).size !== names.length) fail('names one issuer twice')
  if (names.includes(ownIssuer)) fail(`names this service's own issuer, ${ownIssuer}`)
  return issuers
}

type Fail = (what: string) => never

function parseIssuer(entry: unknown, fail: Fail): IssuerConfig {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return fail('not a JSON object')
  const fields = entry as Record<string, unknown>
  const unknown = Object.keys(fields).find((name) => !FIELDS.includes(name))
  if (unknown !== undefined) fail(`the unknown field ${unknown}; known are ${FIELDS.join(', ')}`)
  const text = (name: string): string => {
    const value = fields[name]
    return typeof value === 'string' && value !== '' ? value : fail(`${name} must be a text`)
  }
  const jwksUrl = text('jwksUrl')
  if (!URL.canParse(jwksUrl) || new URL(jwksUrl).protocol !== 'https:')
    fail('jwksUrl must begin with https://')
  const { caFile } = fields
  return {
    issuer: text('issuer'),
    audience: text('audience'),
    algorithms: parseAlgorithms(fields.algorithms, fail),
    jwksUrl,
    maxLifetimeSeconds: parseLifetime(fields.maxLifetimeSeconds, fail),
    company: parseLink(fields.company, 'company', fail),
    user: parseLink(fields.user, 'user', fail),
    ...(caFile === undefined ? {} : { ca: readCa(text('caFile'), fail) }),
  }
}

function parseAlgorithms(value: unknown, fail: Fail): string[] {
  const isList = Array.isArray(value) && value.length > 0
  if (!isList || !value.every((name) => ALGORITHMS.includes(name as string))) {
    return fail(`algorithms must be a list of some of ${ALGORITHMS.join(', ')}`)
  }
  return value as string[]
}

function parseLifetime(value: unknown, fail: Fail): number {
  if (value === undefined) return LIFETIME_SECONDS_DEFAULT
  const isValid = Number.isInteger(value) && Number(value) >= 1 && Number(value) <= LIFETIME_SECONDS_MAX
  return isValid
    ? Number(value)
    : fail(`maxLifetimeSeconds must be a whole number from 1 to ${LIFETIME_SECONDS_MAX}`)
}

function parseLink(value: unknown, name: string, fail: Fail): ClaimLink {
  const { claim, by = 'externalId', ...others } = (value ?? {}) as Record<string, unknown>
  const [unknown] = Object.keys(others)
  // A misspelt `by` would look people up by the wrong id.
  if (typeof claim === 'string' && unknown !== undefined) {
    fail(`${name} has the unknown field ${unknown}; known are claim, by`)
  }
  if (typeof claim === 'string' && claim !== '' && (by === 'id' || by === 'externalId')) return { claim, by }
  return fail(`${name} must look like {"claim": "org", "by": "externalId"}; by is externalId or id`)
}

function readCa(file: string, fail: Fail): string {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    return fail(`caFile cannot be read (${error instanceof Error ? error.message : String(error)})`)
  }
  try {
    new X509Certificate(text)
  } catch {
    // TLS would ignore it silently, and every key set would look untrusted later.
    return fail(`caFile ${file} holds no certificate in PEM form`)
  }
  return text
}
