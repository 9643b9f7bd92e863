import { StoreError } from '../engine.ts'
import { StandbyError } from './client.ts'
import { GRANT_RIGHTS } from './missing-right.ts'
import { type PostgresServer, placeOf } from './url.ts'

/** By code: of PostgreSQL (Appendix A), of the system, of TLS. */
const BY_CODE: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'check DATABASE_URL and that the server runs and listens there'],
  ['ENOTFOUND', 'check the host in DATABASE_URL'],
  ['EAI_AGAIN', 'check the host in DATABASE_URL, and that names are resolved on this machine'],
  ['ENOENT', 'check the folder of the socket in DATABASE_URL and that the server runs'],
  [
    '28P01',
    'check user and password in DATABASE_URL; @ : / ? # % in them are written %40 %3A %2F %3F %23 %25',
  ],
  ['28000', 'check the user in DATABASE_URL and pg_hba.conf; without TLS, add sslmode=require'],
  ['3D000', 'create it, or correct the last part of DATABASE_URL'],
  ['42501', GRANT_RIGHTS],
  ['53300', 'raise max_connections, or lower LATCHKEY_DATABASE_CONNECTIONS'],
  [
    '55P03',
    'another session keeps its tables locked (a dump, or a transaction that was left open): pg_stat_activity shows it',
  ],
  ['57P03', 'wait until it has started'],
  [
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'use the name in the certificate as the host, or sslmode=verify-ca, which does not look at it',
  ],
])

/** Where there is no code, or many: by what is said. */
const BY_MESSAGE: readonly (readonly [RegExp, string])[] = [
  [
    /does not support SSL/i,
    'set up TLS there, or, when nobody listens in between, add sslmode=disable to DATABASE_URL',
  ],
  [
    /certificate|self.signed|unable to (?:get|verify)/i,
    'add sslrootcert with the file of the CA that the provider gives, or sslmode=require, which encrypts without checking',
  ],
  [/timeout|timed out/i, 'check the host and the firewall between, and that a pooler has connections left'],
  [/startup parameter/i, 'take what a pooler does not let through out of DATABASE_URL'],
]

const OTHERWISE = 'check DATABASE_URL and that the server runs'

/** One sentence about a database that cannot be used: what was seen, and what to do. */
export function cannotBeUsed(server: PostgresServer, error: unknown): StoreError {
  if (error instanceof StoreError) return error
  if (error instanceof StandbyError) {
    return new StoreError(
      `DATABASE_URL leads to a standby: let it name the primary server (${error.message}).`,
    )
  }
  const reason = reasonOf(error)
  return new StoreError(
    `The database (${placeOf(server)}) cannot be used (${reason}): ${remedyOf(error, reason)}.`,
    error,
  )
}

/** Of several addresses that a name stands for, what the first one answered. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return reasonOf(error.errors[0])
  return error instanceof Error ? error.message || String(error) : String(error)
}

function remedyOf(error: unknown, reason: string): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return (
    BY_CODE.get(code) ?? BY_MESSAGE.find(([pattern]) => pattern.test(`${code} ${reason}`))?.[1] ?? OTHERWISE
  )
}
