import { nearest } from '@latchkey/core/nearest'
import { type Setting, settings } from './settings.ts'

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
/** What may not: the address of a proxy may hold a password, as that of the database does. */
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
  refuseUnknown(environment)
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
  if (config.issuersFile !== null) assertProxy(httpsProxy)
  return {
    config: Object.freeze(config),
    secretSource: { secret, secretFile, dataDir, databaseUrl, httpsProxy },
  }
}

function refuseUnknown(environment: Environment): void {
  const known = Object.values(settings).map((setting) => setting.name)
  for (const name of Object.keys(environment)) {
    if (!name.startsWith('LATCHKEY_') || known.includes(name)) continue
    const suggestion = nearest(name, known)
    const hint =
      suggestion === undefined ? 'latchkey serve --help lists all of them.' : `did you mean ${suggestion}?`
    throw new ConfigError(`Unknown setting ${name}: ${hint}`)
  }
}

/** Asked only of who needs it: the variable is there for other programs, too. It may hold a password. */
function assertProxy(text: string): void {
  if (text === '' || (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol))) return
  throw new ConfigError(
    'HTTPS_PROXY must be the address of an HTTP proxy, such as http://proxy.internal:3128 (percent-encode what is ' +
      'special in its password). Outside issuers are asked through it; NO_PROXY names hosts that are not.',
  )
}

function parseSetting(setting: Setting<unknown>, environment: Environment): unknown {
  const { [setting.otherName ?? '']: other, [setting.name]: named } = environment
  const text = other || named
  try {
    return setting.parse(text === undefined || text === '' ? setting.fallback : text)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigError(`${setting.name} ${reason.replace(/\.$/, '')}.`)
  }
}
