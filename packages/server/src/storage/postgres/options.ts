import { urlRefusal } from './url-refusal.ts'

/** What `options` of a URL asks for. */
type PostgresOptionsText = {
  /** Parameters of the session, by name. */
  readonly settings: ReadonlyMap<string, string>
  /** The rest, such as Neon's `endpoint=…`, which is for whoever answers before there is a session. */
  readonly startup: string
}

/** What the promises rest on. */
const OWN = new Set(['statement_timeout', 'lock_timeout', 'synchronous_commit', 'timezone'])
const REFUSED: ReadonlyMap<string, string> = new Map([
  ['session_replication_role', 'it would take the protection off the audit events'],
  ['default_transaction_read_only', 'the service writes'],
  ['client_encoding', 'texts are kept in UTF-8'],
])

const SETTING = /^([a-z_][\w.-]*)=(.*)$/is

/**
 * Reads libpq's `options`: `-c name=value` and `--name=value`, words separated by spaces, a backslash before one
 * that belongs to a value. Throws StoreError.
 */
export function parsePostgresOptions(text: string): PostgresOptionsText {
  const settings = new Map<string, string>()
  const startup: string[] = []
  const words = (text.match(/(?:\\.|[^\s\\])+/gs) ?? []).map((word) => word.replace(/\\(.)/gs, '$1'))
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? ''
    const said = word === '-c' ? (words[++index] ?? '') : word.replace(/^(?:-c|--)(?=.)/, '')
    if (said === word) {
      startup.push(word)
      continue
    }
    const [, name, value] = SETTING.exec(said) ?? []
    if (name === undefined || value === undefined) {
      throw urlRefusal('has options that cannot be read: write options=-c%20NAME%3DVALUE')
    }
    settings.set(settable(name), value)
  }
  return { settings, startup: startup.join(' ') }
}

function settable(text: string): string {
  const name = text.toLowerCase().replaceAll('-', '_')
  if (OWN.has(name)) {
    throw urlRefusal(`sets ${name} in options, which Latchkey sets itself: leave it out`)
  }
  const why = REFUSED.get(name)
  if (why !== undefined) throw urlRefusal(`sets ${name} in options: leave it out, for ${why}`)
  return name
}
