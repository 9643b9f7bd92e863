import { relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { scrubSecrets } from '@latchkey/core/scrub-secrets'

/** EX_SOFTWARE of sysexits.h: a bug of ours, which a supervisor may tell from a setting that is wrong. */
export const EXIT_CODE_CRASH = 70

/**
 * Ends the process at what nobody caught. Node would print the message, every property and a line of source: a URL with
 * its password, a body that was not JSON, an argument.
 */
export function endOnCrash(): void {
  const end = (error: unknown) => {
    process.stderr.write(`latchkey: ${describeCrash(error)}\n`)
    process.exit(EXIT_CODE_CRASH)
  }
  process.on('uncaughtException', end)
  process.on('unhandledRejection', end)
}

/** One line that finds the bug and holds nothing that was given: names, codes and places in the program. */
export function describeCrash(error: unknown): string {
  const told = `${chainOf(error).join(', because of ')}. Its message is not shown, for a secret may be in it.`
  return scrubSecrets(`This is a bug, please report it: ${told}`)
}

/** An error, its cause, the cause of that. */
const CAUSES_MAX = 4

function chainOf(error: unknown): string[] {
  const chain: string[] = []
  for (let found = error; chain.length < CAUSES_MAX; ) {
    chain.push(describe(found))
    const cause = propertyOf(found, 'cause')
    if (cause === undefined) break
    found = cause
  }
  return chain
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return `${error === null ? 'null' : typeof error} was thrown`
  const code = wordOf(error, 'code')
  const places = placesOf(error)
  return [
    wordOf(error, 'name') ?? 'Error',
    ...(code === undefined ? [] : [`[${code}]`]),
    places.length === 0 ? 'at an unknown place' : `at ${places.join(' < ')}`,
  ].join(' ')
}

/** Names of classes and codes such as ENOSPC, ERR_INVALID_URL or 42P01: too short and too plain for a secret. */
const WORD = /^[A-Za-z][A-Za-z]{1,40}$|^[A-Z0-9][A-Z0-9_]{1,40}$/

function wordOf(error: unknown, name: 'name' | 'code'): string | undefined {
  const value = propertyOf(error, name)
  return typeof value === 'string' && WORD.test(value) ? value : undefined
}

/** Whatever was thrown may throw again where it is looked at. */
function propertyOf(value: unknown, name: string): unknown {
  try {
    return (value as Readonly<Record<string, unknown>> | null | undefined)?.[name]
  } catch {
    return undefined
  }
}

/** Enough to see how it came there. */
const PLACES_MAX = 8
/** A line of a stack: what stands before the place is a name. */
const PLACE = /^ {4}at (?:.* \()?((?:file:\/\/|node:)?[\w./@%+-]{1,400}:\d{1,6}:\d{1,6})\)?$/
const ROOT = resolve(fileURLToPath(new URL('../../..', import.meta.url)))

function placesOf(error: Error): string[] {
  const stack = propertyOf(error, 'stack')
  if (typeof stack !== 'string') return []
  const found = stack.split('\n').map((line) => PLACE.exec(line)?.[1])
  return found.flatMap((place) => (place === undefined ? [] : shortened(place))).slice(0, PLACES_MAX)
}

/** Within the program, or nothing: a message may have lines that look like places. */
function shortened(place: string): string[] {
  if (place.startsWith('node:')) return [place]
  const [, path = '', position = ''] = /^(.*?)((?::\d+){2})$/.exec(place) ?? []
  const file = path.startsWith('file:') ? fileURLToPath(path) : path
  return file.startsWith(ROOT + sep) ? [`${relative(ROOT, file)}${position}`] : []
}
