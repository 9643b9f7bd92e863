import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import type pg from 'pg'
import { StoreError } from './engine.ts'

const LOCAL_HOSTS = new Set(['', 'localhost', '127.0.0.1', '[::1]'])
const PARAMETERS = ['sslmode', 'sslrootcert', 'host']

/**
 * Reads a `postgres://` URL. `sslmode` is `disable`, `require` (encrypted, the certificate not checked) or
 * `verify-full` (with `sslrootcert`, the file of the CA); absent, it is `disable` on this machine and
 * `verify-full` elsewhere. Throws StoreError with one sentence that does not repeat the URL, which holds a password.
 */
export function parsePostgresUrl(text: string): pg.ClientConfig {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^postgres(ql)?:$/.test(url.protocol)) {
    throw new StoreError('DATABASE_URL must be a URL such as postgres://user:password@host:5432/database.')
  }
  for (const name of url.searchParams.keys()) {
    if (PARAMETERS.includes(name)) continue
    throw new StoreError(
      `DATABASE_URL has the unknown parameter ${name}: known are ${PARAMETERS.join(', ')}.`,
    )
  }
  const host = url.searchParams.get('host') ?? decodeURIComponent(url.hostname)
  const isLocal = LOCAL_HOSTS.has(host) || host.startsWith('/')
  const database = decodeURIComponent(url.pathname.slice(1))
  if (database === '')
    throw new StoreError('DATABASE_URL names no database: add it after the host, /latchkey.')
  return {
    host: host === '' ? 'localhost' : host.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 5432 : Number(url.port),
    database,
    ...(url.username === '' ? {} : { user: decodeURIComponent(url.username) }),
    ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
    ssl: sslOf(url.searchParams, isLocal),
  }
}

/** For people: without user and password. */
export function placeOf({ host, port, database }: pg.ClientConfig): string {
  return `PostgreSQL, ${host}:${port}/${database}`
}

function sslOf(parameters: URLSearchParams, isLocal: boolean): false | ConnectionOptions {
  const mode = parameters.get('sslmode') ?? (isLocal ? 'disable' : 'verify-full')
  const file = parameters.get('sslrootcert')
  if (mode === 'disable') return false
  if (mode === 'require') return { rejectUnauthorized: false }
  if (mode !== 'verify-full') {
    throw new StoreError(`DATABASE_URL has sslmode=${mode}: use disable, require or verify-full.`)
  }
  return { rejectUnauthorized: true, ...(file === null ? {} : { ca: readCertificate(file) }) }
}

function readCertificate(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new StoreError(`The certificate ${file} that DATABASE_URL names cannot be read (${reason}).`)
  }
}
