import { type Setting, settings } from './settings.ts'
import { describeUnknown } from './unknown-settings.ts'

/** A setting that stops the start. The message names it and says what to do. */
export class ConfigError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ConfigError'
  }
}

type Settings = typeof settings
type Values = { readonly [Name in keyof Settings]: ReturnType<Settings[Name]['parse']> }

/** Everything that may be logged. */
export type Config = Omit<Values, 'secret' | 'databaseUrl' | 'httpsProxy'>
/** What may not be logged: the address of a proxy may hold a password, as that of the database does. */
export type SecretSource = Pick<Values, 'secret' | 'secretFile' | 'dataDir' | 'databaseUrl' | 'httpsProxy'>

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads all settings from the environment, the only place that does. Throws ConfigError for an unknown
 * LATCHKEY_* name or a bad value.
 */
export function readConfig(environment: Environment = process.env): {
  config: Config
  secretSource: SecretSource
} {
  const unknown = describeUnknown(environment)
  if (unknown !== undefined) throw new ConfigError(unknown)
  const values = Object.fromEntries(
    Object.entries(settings).map(([name, setting]) => [name, parseSetting(setting, environment)]),
  ) as Values
  const { secret, databaseUrl, httpsProxy, ...config } = values
  if (secret !== null && config.secretFile !== null) {
    throw new ConfigError('LATCHKEY_SECRET and LATCHKEY_SECRET_FILE are both set: keep one of them.')
  }
  const { secretFile, dataDir } = config
  if (databaseUrl !== null && secret === null && secretFile === null) {
    throw new ConfigError(
      'DATABASE_URL needs LATCHKEY_SECRET or LATCHKEY_SECRET_FILE, the same for every server: openssl rand -hex 32 makes one.',
    )
  }
  assertProxy(httpsProxy)
  return {
    config: Object.freeze(config),
    secretSource: { secret, secretFile, dataDir, databaseUrl, httpsProxy },
  }
}

/** Whether npm, pnpm or yarn runs this process, as a script or as npx. */
export const isRunByNpm = (environment: Environment = process.env): boolean =>
  environment.npm_lifecycle_event !== undefined

/** It may hold a password. */
function assertProxy(text: string): void {
  if (text === '' || (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol))) return
  throw new ConfigError(
    'HTTPS_PROXY (or https_proxy) must be the address of an HTTP proxy, such as http://proxy.internal:3128 (percent-encode what is ' +
      'special in its password). Outside issuers are asked through it; NO_PROXY names hosts that are not.',
  )
}

/** A variable of other programs may be wrong without harm, until it is needed here. */
const isRead = (setting: Setting<unknown>, environment: Environment): boolean =>
  setting.otherName === undefined || (environment[settings.issuersFile.name] ?? '').trim() !== ''

function parseSetting(setting: Setting<unknown>, environment: Environment): unknown {
  const names = setting.otherName === undefined ? [setting.name] : [setting.otherName, setting.name]
  const name = names.find((candidate) => environment[candidate]?.trim()) ?? setting.name
  const given = isRead(setting, environment) ? (environment[name] ?? '') : ''
  try {
    const text = setting.isVerbatim === true ? given : plain(given)
    return setting.parse(text === '' ? setting.fallback : text)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const separator = reason.startsWith(':') ? '' : ' '
    throw new ConfigError(`${name}${separator}${reason.replace(/\.$/, '')}.`)
  }
}

/**
 * Files of settings leave a space, or Windows' end of a line, behind a value; some readers leave its quotes on, or what was
 * meant as a comment.
 */
function plain(text: string): string {
  const trimmed = text.trim()
  if (/^(["'])(?:.*)\1$/s.test(trimmed) && trimmed.length > 1) {
    throw new Error(
      'has quotes around it, which a shell takes away and others (docker --env-file) do not: leave them out',
    )
  }
  if (COMMENT.test(trimmed)) {
    throw new Error(
      'has a comment behind it, which a shell takes away and others (docker --env-file) do not: give it a line of its own',
    )
  }
  return trimmed
}

/** A name with # in it rarely has space on both sides. */
export const COMMENT = /\s#(?:\s|$)/
