import { commandName } from './command-name.ts'

type Place = {
  /** As callers reach it. */
  readonly url: string
  /** As it listens. */
  readonly ownUrl: string
  /** Where the store is, and how it is backed up. */
  readonly store: string
  /** Why it cannot do its work yet. */
  readonly unready: string | undefined
  /** Where the console is opened, or why there is none. */
  readonly console: string
}

/** What the first start prints. `keyText`: the key itself, or how a shell reads it from its file. */
export function welcome(place: Place & { readonly keyText: string }): string {
  const { ownUrl, store, keyText } = place
  const warning = isInFile(keyText)
    ? `The admin key is in the file that the curl line reads, and nowhere else.`
    : 'The admin key above is shown once, here. Store it now.'
  return [
    stateOf(place),
    '',
    ...addresses(place),
    // Whatever is to be in front of it may not be there yet.
    `  Try      curl -s ${ownUrl}/keys -H "X-API-KEY: ${keyText}"`,
    `  Data     ${store}`,
    '',
    warning,
    'Ctrl-C stops it.',
    '',
  ].join('\n')
}

/** What every later start prints: no key, for none can be shown again. */
export function welcomeBack(place: Place): string {
  return [
    stateOf(place),
    '',
    ...addresses(place),
    `  Data     ${place.store}`,
    '',
    `Admin key lost? On this machine: ${commandName()} keys create --help`,
    'Ctrl-C stops it.',
    '',
  ].join('\n')
}

const stateOf = ({ unready }: Place): string =>
  unready === undefined ? 'Latchkey is ready.' : `Latchkey is running, but NOT READY. ${unready}`

const addresses = ({ url, ownUrl, console }: Place): string[] => [
  `  Console  ${console}`,
  `  Docs     ${url}/docs`,
  `  API      ${url}`,
  ...(url === ownUrl ? [] : [`  Here     ${ownUrl}  (for the proxy in front of it)`]),
]

/** What a first start prints that made the store and then could not listen. Nothing when the key is in a file. */
export function failedFirstStart(keyText: string): string {
  if (isInFile(keyText)) return ''
  return 'The store is made, but the service did not start. The admin key above is shown once, here. Store it now.\n'
}

const isInFile = (keyText: string): boolean => keyText.startsWith('$(')
