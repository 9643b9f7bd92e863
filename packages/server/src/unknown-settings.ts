import { nearest } from '@latchkey/core/nearest'
import { scrubSecrets } from '@latchkey/core/scrub-secrets'
import { settings } from './settings.ts'

const PREFIX = 'LATCHKEY_'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * What to say of the variables that look like settings and are none; undefined: there are none. A misspelt setting that
 * is passed over is one that does not protect.
 */
export function describeUnknown(environment: Environment): string | undefined {
  const known: readonly string[] = Object.values(settings).map(({ name }) => name)
  const unknown = Object.entries(environment)
    .filter(([name]) => isMeant(name) && !known.includes(name))
    .filter(([name, text = '']) => !isMadeByOthers(name, text) && !isOfClient(name, text, environment))
    .map(([name]) => `Unknown setting ${scrubSecrets(name)}: ${hintFor(name, known)}`)
  return unknown.length === 0 ? undefined : unknown.join(' ')
}

/** In any letter case: `latchkey_data_dir` is another variable, and would do nothing. */
const isMeant = (name: string): boolean => /^latchkey[_.-]/i.test(name)

/**
 * Kubernetes gives every container the address of each Service, and Docker that of each linked container, under names
 * made of the Service's own: of one named `latchkey`, or `latchkey-api`, they look like settings.
 */
const MADE_BY_OTHERS: readonly (readonly [RegExp, RegExp])[] = [
  [/_SERVICE_HOST$/, /./],
  [/_SERVICE_PORT(?:_[A-Z0-9_]+)?$/, /^\d+$/],
  [/_PORT$/, /^(?:tcp|udp|sctp):\/\//],
  [/_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/, /./],
  [/_NAME$/, /^\//],
  [/^LATCHKEY(?:_\d+)?_ENV_/, /(?:)/],
]

const isMadeByOthers = (name: string, text: string): boolean =>
  MADE_BY_OTHERS.some(([ofName, ofText]) => ofName.test(name) && ofText.test(text))

/**
 * What commands over the network read, in one shell with those of the server itself. An address without a key is of no use
 * to them: then it may be meant for LATCHKEY_PUBLIC_URL.
 */
const isOfClient = (name: string, text: string, environment: Environment): boolean =>
  name === 'LATCHKEY_API_KEY' ||
  (name === 'LATCHKEY_URL' && (text === '' || environment.LATCHKEY_API_KEY !== undefined))

/** What other programs call the same. */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  PORT: ['HTTP_PORT', 'LISTEN_PORT', 'SERVER_PORT', 'BIND_PORT'],
  HOST: [
    'BIND',
    'BIND_HOST',
    'BIND_ADDRESS',
    'BIND_ADDR',
    'LISTEN',
    'LISTEN_ADDR',
    'LISTEN_ADDRESS',
    'LISTEN_HOST',
    'ADDRESS',
    'ADDR',
    'SERVER_HOST',
    'HOSTNAME',
  ],
  DATABASE_URL: [
    'DB',
    'DB_URL',
    'DATABASE',
    'DATABASE_DSN',
    'DB_DSN',
    'DSN',
    'DATABASE_URI',
    'POSTGRES_URL',
    'POSTGRES_DSN',
    'POSTGRESQL_URL',
    'PG_URL',
    'PGURL',
  ],
  LATCHKEY_DATA_DIR: [
    'DATA',
    'DATADIR',
    'DATA_PATH',
    'DATA_DIRECTORY',
    'DIR',
    'HOME',
    'STORAGE',
    'STORAGE_DIR',
    'STORE_DIR',
    'DB_PATH',
    'DB_FILE',
    'SQLITE_PATH',
  ],
  LATCHKEY_SECRET: [
    'SERVER_SECRET',
    'SECRET_KEY',
    'MASTER_KEY',
    'MASTER_SECRET',
    'APP_SECRET',
    'ENCRYPTION_KEY',
  ],
  LATCHKEY_SECRET_FILE: ['SERVER_SECRET_FILE', 'SECRET_KEY_FILE', 'SECRET_PATH'],
  LATCHKEY_PUBLIC_URL: [
    'URL',
    'BASE_URL',
    'EXTERNAL_URL',
    'ROOT_URL',
    'SERVER_URL',
    'PUBLIC_ORIGIN',
    'ORIGIN',
    'ISSUER',
  ],
  LATCHKEY_TRUSTED_PROXIES: ['PROXIES', 'TRUST_PROXY', 'PROXY_TRUST'],
  LATCHKEY_BOOTSTRAP_KEY_FILE: ['ADMIN_KEY_FILE', 'KEY_FILE', 'BOOTSTRAP_FILE'],
  LATCHKEY_METRICS_FROM: ['METRICS_ALLOW', 'METRICS_ALLOWED', 'METRICS_ALLOWLIST', 'METRICS_IPS'],
  LATCHKEY_HEADER_BYTES: ['HEADER_SIZE', 'MAX_HEADER_SIZE', 'MAX_HEADER_BYTES'],
  LATCHKEY_KEY_PREFIX: ['PREFIX', 'SECRET_PREFIX'],
  LATCHKEY_CORS_ORIGINS: ['CORS', 'CORS_ORIGIN', 'ALLOWED_ORIGINS', 'CORS_ALLOWED_ORIGINS'],
  LATCHKEY_TRACES: ['TRACING', 'OTEL'],
  LATCHKEY_LOG_LEVEL: ['LOG', 'LOGLEVEL', 'LEVEL', 'DEBUG', 'VERBOSE', 'VERBOSITY'],
  LATCHKEY_WORKERS: ['PROCESSES', 'CLUSTER', 'CONCURRENCY', 'THREADS'],
  LATCHKEY_DRAIN_SECONDS: [
    'GRACE_SECONDS',
    'GRACE_PERIOD',
    'SHUTDOWN_TIMEOUT',
    'STOP_TIMEOUT',
    'DRAIN_TIMEOUT',
    'DRAIN_TIME',
    'DRAIN',
  ],
  LATCHKEY_IDLE_SECONDS: [
    'IDLE_TIMEOUT',
    'KEEP_ALIVE',
    'KEEPALIVE',
    'KEEP_ALIVE_TIMEOUT',
    'KEEPALIVE_TIMEOUT',
  ],
}

function hintFor(name: string, known: readonly string[]): string {
  const written = name
    .toUpperCase()
    .replace(/^LATCHKEY[._-]+/, '')
    .replaceAll(/[.-]/g, '_')
  const [setting] = Object.entries(OTHER_NAMES).find(([, names]) => names.includes(written)) ?? []
  // Those without the prefix are sought with it, too, by whoever is used to it. It says nothing of which was meant.
  const candidates = new Map(known.map((candidate) => [candidate.replace(PREFIX, ''), candidate]))
  const meant = setting ?? candidates.get(nearName(written, [...candidates.keys()]) ?? '')
  return meant === undefined ? 'latchkey serve --help lists all of them.' : `did you mean ${meant}?`
}

/** Of a mistyped name, of one with two letters exchanged, and of the beginning of one. */
const nearName = (written: string, names: readonly string[]): string | undefined =>
  nearest(written, names) ??
  names.find((name) => lettersOf(name) === lettersOf(written)) ??
  names.find((name) => written.length >= BEGINNING_LENGTH_MIN && name.startsWith(`${written}_`))

const lettersOf = (name: string): string => [...name].toSorted().join('')

/** What is shorter, such as `KEY`, begins much else too. */
const BEGINNING_LENGTH_MIN = 5
