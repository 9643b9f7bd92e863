import type { Allowlist } from '@latchkey/core/allowlist'
import { isLikelySecret } from '@latchkey/core/likely-secret'
import { isKeyPrefix } from '@latchkey/core/secret'
import { shown } from '@latchkey/core/shown-value'
import { blocks, host, origin, publicUrl } from './address-settings.ts'

/** One setting: its name is an environment variable, its text is checked before anything starts. */
export type Setting<T> = {
  readonly name: string
  /** What other programs call the same, and which counts first when both are there. */
  readonly otherName?: string
  /** Shown by `latchkey serve --help`; the text that stands when the variable is absent. */
  readonly fallback: string
  readonly description: string
  /** What stands around the text may belong to it. */
  readonly isVerbatim?: true
  /** Throws Error with what is wrong, written to follow the setting's name. */
  readonly parse: (text: string) => T
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export const settings = {
  port: {
    name: 'PORT',
    fallback: '7070',
    description: 'TCP port; 0 takes any free one.',
    parse: (text) => wholeNumber(text, 0, 65_535),
  } satisfies Setting<number>,
  host: {
    name: 'HOST',
    fallback: '127.0.0.1',
    description: 'Address to listen on. 0.0.0.0 or :: for every interface: then put TLS in front.',
    parse: host,
  } satisfies Setting<string>,
  databaseUrl: {
    name: 'DATABASE_URL',
    fallback: '',
    description: 'postgres://user:password@host:5432/database. Absent: SQLite in the data directory.',
    isVerbatim: true,
    parse: (text) => {
      const url = text.trim()
      if (url === '') return null
      // Not what it begins with: a password may stand there. What is in it is read with the store.
      if (!/^["'`]?postgres(ql)?:\/\//i.test(url))
        throw new Error('must begin with postgres://, as in postgres://user:password@host:5432/database')
      return url
    },
  } satisfies Setting<string | null>,
  databaseConnections: {
    name: 'LATCHKEY_DATABASE_CONNECTIONS',
    fallback: '10',
    description:
      'Connections of each process to PostgreSQL for lists and writes. Six more are for verification.',
    parse: (text) => wholeNumber(text, 1, 1_000),
  } satisfies Setting<number>,
  databaseAcceptOff: {
    name: 'LATCHKEY_DATABASE_ACCEPT_OFF',
    fallback: '',
    description:
      'fsync, full_page_writes: which of them may be off at the database server, if its storage does not need them; see docs/operate/fleet.md.',
    parse: (text) => partsOf(text).map(durability),
  } satisfies Setting<readonly Durability[]>,
  dataDir: {
    name: 'LATCHKEY_DATA_DIR',
    fallback: './data',
    description: 'Directory of the embedded store and of the server secret. Made with mode 0700 if absent.',
    parse: path,
  } satisfies Setting<string>,
  secret: {
    name: 'LATCHKEY_SECRET',
    fallback: '',
    description: 'Server secret, a random text of at least 32 characters; space around it is cut off.',
    isVerbatim: true,
    parse: (text) => (text.trim() === '' ? null : { ...serverSecret(text.trim()), untrimmed: text }),
  } satisfies Setting<GivenSecret | null>,
  secretFile: {
    name: 'LATCHKEY_SECRET_FILE',
    fallback: '',
    description:
      'File that holds the server secret. With neither, one is made in the data directory (not with DATABASE_URL).',
    parse: (text) => (text === '' ? null : path(text)),
  } satisfies Setting<string | null>,
  publicUrl: {
    name: 'LATCHKEY_PUBLIC_URL',
    fallback: '',
    description:
      'How callers reach the service, e.g. https://keys.example.com or https://example.com/latchkey. Links begin with it, and it is the issuer of tokens.',
    parse: (text) => (text === '' ? null : publicUrl(text)),
  } satisfies Setting<string | null>,
  trustedProxies: {
    name: 'LATCHKEY_TRUSTED_PROXIES',
    fallback: '',
    description: 'Addresses and CIDR blocks whose X-Forwarded-For is believed, separated by commas.',
    parse: blocks,
  } satisfies Setting<Allowlist | null>,
  metricsFrom: {
    name: 'LATCHKEY_METRICS_FROM',
    fallback: '127.0.0.0/8,::1',
    description:
      'Addresses and CIDR blocks that may read /metrics without a credential, separated by commas.',
    parse: blocks,
  } satisfies Setting<Allowlist | null>,
  keyPrefix: {
    name: 'LATCHKEY_KEY_PREFIX',
    fallback: 'lk',
    description: 'What every secret begins with: 1 to 16 of a-z and 0-9, a letter first.',
    parse: (text) => {
      if (!isKeyPrefix(text)) throw new Error('must be 1 to 16 characters of a-z and 0-9, a letter first')
      return text
    },
  } satisfies Setting<string>,
  bootstrapKeyFile: {
    name: 'LATCHKEY_BOOTSTRAP_KEY_FILE',
    fallback: '',
    description: 'Where the first start on an empty store writes the admin key (mode 0600).',
    parse: (text) => (text === '' ? null : path(text)),
  } satisfies Setting<string | null>,
  corsOrigins: {
    name: 'LATCHKEY_CORS_ORIGINS',
    fallback: '',
    description: 'Origins whose pages may call the API, separated by commas, e.g. https://app.example.com.',
    parse: (text) => partsOf(text).map(origin),
  } satisfies Setting<readonly string[]>,
  issuersFile: {
    name: 'LATCHKEY_ISSUERS_FILE',
    fallback: '',
    description: 'JSON file of the outside issuers whose JWTs are accepted; see docs/use/tokens.md.',
    parse: (text) => (text === '' ? null : path(text)),
  } satisfies Setting<string | null>,
  httpsProxy: {
    name: 'HTTPS_PROXY',
    otherName: 'https_proxy',
    fallback: '',
    description:
      'Proxy through which the key sets of outside issuers are fetched: http://proxy.internal:3128.',
    // curl and its kin take an address without a scheme, too.
    parse: (text) => (text === '' || /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`),
  } satisfies Setting<string>,
  noProxy: {
    name: 'NO_PROXY',
    otherName: 'no_proxy',
    fallback: '',
    description: 'Hosts that are asked without the proxy, separated by commas.',
    parse: (text) => text,
  } satisfies Setting<string>,
  failedAuthPerMinuteMax: {
    name: 'LATCHKEY_FAILED_AUTH_PER_MINUTE',
    fallback: '100',
    description: 'Failed credentials answered per minute and address (IPv6: per /64) before 429.',
    parse: (text) => wholeNumber(text, 1, 1_000_000),
  } satisfies Setting<number>,
  companyKeysMax: {
    name: 'LATCHKEY_KEYS_PER_COMPANY',
    fallback: '1000000',
    description: 'Keys that one company may have, deleted ones too.',
    parse: (text) => wholeNumber(text, 1, 999_999_999),
  } satisfies Setting<number>,
  companyUsersMax: {
    name: 'LATCHKEY_USERS_PER_COMPANY',
    fallback: '100000',
    description: 'Users that one company may have.',
    parse: (text) => wholeNumber(text, 1, 999_999_999),
  } satisfies Setting<number>,
  metadataBytesMax: {
    name: 'LATCHKEY_METADATA_BYTES_PER_KEY',
    fallback: '65536',
    description: 'Bytes of metadata that one key may have, as JSON.',
    parse: (text) => wholeNumber(text, 2, 65_536),
  } satisfies Setting<number>,
  usageDays: {
    name: 'LATCHKEY_USAGE_DAYS',
    fallback: '400',
    description: 'Days for which use is kept day by day, 31 to 4000. Older use is summed by month.',
    parse: (text) => wholeNumber(text, 31, 4_000),
  } satisfies Setting<number>,
  headerBytesMax: {
    name: 'LATCHKEY_HEADER_BYTES',
    fallback: '16384',
    description:
      'Bytes that request line and headers may have, 8192 to 262144. Each connection may need as many.',
    parse: (text) => wholeNumber(text, 8_192, 262_144),
  } satisfies Setting<number>,
  logLevel: {
    name: 'LATCHKEY_LOG_LEVEL',
    fallback: '',
    description: `One of ${LOG_LEVELS.join(', ')}; without it warn at a terminal, info elsewhere.`,
    parse: (text) => {
      if (text === '') return null
      const level = LOG_LEVELS.find((known) => known === text)
      if (level === undefined) throw new Error(`must be one of ${LOG_LEVELS.join(', ')}; got ${shown(text)}`)
      return level
    },
  } satisfies Setting<LogLevel | null>,
  traces: {
    name: 'LATCHKEY_TRACES',
    fallback: 'off',
    description: 'on: a span for each request, for the OpenTelemetry SDK that the process is started with.',
    parse: (text) => {
      if (text !== 'on' && text !== 'off') throw new Error(`must be on or off; got ${shown(text)}`)
      return text === 'on'
    },
  } satisfies Setting<boolean>,
  drainSeconds: {
    name: 'LATCHKEY_DRAIN_SECONDS',
    fallback: '5',
    description: 'How long the service goes on after SIGTERM, while /readyz says 503; 0 to 3600.',
    parse: (text) => wholeNumber(text, 0, 3_600),
  } satisfies Setting<number>,
  idleSeconds: {
    name: 'LATCHKEY_IDLE_SECONDS',
    fallback: '65',
    description:
      'How long a connection without a request is kept. Must be longer than the balancer in front keeps it.',
    parse: (text) => wholeNumber(text, 1, 3_600),
  } satisfies Setting<number>,
  workers: {
    name: 'LATCHKEY_WORKERS',
    fallback: '1',
    description: 'Processes that share the port and the store; auto for one on each core.',
    parse: (text) => (text === 'auto' ? 'auto' : wholeNumber(text, 1, 128)),
  } satisfies Setting<number | 'auto'>,
} as const

type Durability = 'fsync' | 'full_page_writes'

function durability(text: string): Durability {
  if (text === 'fsync' || text === 'full_page_writes') return text
  throw new Error('may name fsync, full_page_writes, separated by commas')
}

const partsOf = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')

function wholeNumber(text: string, least: number, most: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return value
  throw new Error(`must be a whole number from ${least} to ${most}; got ${shown(text)}`)
}

function path(text: string): string {
  // Of all that is pasted here by mistake, the secret itself; where no file is, its name would be told.
  if (isLikelySecret(text))
    throw new Error(
      'holds what looks like a secret: write the path of a file (./ before a name as long as this)',
    )
  if (text === '-') throw new Error('names a file; - is one of that name here, and not standard output')
  const [inShell] = IN_A_SHELL.exec(text) ?? []
  if (inShell !== undefined)
    throw new Error(`begins with ${inShell}, which only a shell understands: write the whole path`)
  // A store would be made in a directory of that name, and be gone with the container.
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(text)) throw new Error('is a URL: write the path alone, such as /data')
  return text
}

/** `~/data`, `~service/data`, `$HOME/data`, `${HOME}/data`. */
const IN_A_SHELL = /^(?:~[\w-]{0,32}|\$\w{1,64}|\$\{\w{1,64}\})(?=\/|$)/

/** Shorter texts can be guessed; every fingerprint hangs on this one. */
const SECRET_LENGTH_MIN = 32

/** `untrimmed`: with the space around it. Stores were made with that before it was cut off here as in files. */
export type GivenSecret = { readonly text: string; readonly untrimmed: string }

export function serverSecret(text: string): GivenSecret {
  if (text.length < SECRET_LENGTH_MIN) {
    throw new Error(`must hold at least ${SECRET_LENGTH_MIN} characters (openssl rand -hex 32 makes one)`)
  }
  return { text, untrimmed: text }
}
