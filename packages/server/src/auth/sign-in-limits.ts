import { hash } from 'node:crypto'
import type { Address } from '@latchkey/core/address'
import { createBoundedMap } from '@latchkey/core/bounded-map'
import { AppError } from '@latchkey/core/error'
import { networkOf, siteOf } from '@latchkey/core/network'
import { createBackOff, type Ending } from './back-off.ts'

/** Wrong passwords in a row for one name from one network: people mistype. */
const FREE = 5
/** The same where that user signed in before, perhaps beside somebody who guesses at its name. */
const FREE_WHERE_KNOWN = 50
/**
 * For a name that is guessed at from many networks: each network it never signed in from has one try, so that the owner
 * has one everywhere. The number is so far below zero that the wait after it is the longest.
 */
const FREE_WHERE_GUESSED_AT = -9
/**
 * So many wrong passwords for a name within an hour, from networks it never signed in from, mean that it is guessed at.
 */
const STRANGERS_MAX = 50
const STRANGERS_WINDOW_MS = 60 * 60 * 1_000
/** Names counted at once, about 150 bytes each; the oldest is let go first. */
const NAMES_MAX = 50_000
/** Of the failed credentials that a network has in a minute, this part may be wrong passwords before it has to wait. */
const NETWORK_PART = 4
/** An IPv6 /48 is a site of many, or one stranger with 65,536 networks. */
const SITE_FREE_TIMES = 4

type SignInAttempt = {
  readonly name: string
  /** Where it comes from; undefined: it cannot be told. */
  readonly address: Address | undefined
  /** A user of that name signed in from that network before. */
  readonly isKnown: boolean
}

/**
 * Slows guessing down without keeping the owner out. Failures are counted for each name at each network, and for each
 * network at all names. A user who signed in from a network before does not wait for the failures of others there.
 * Names that no user has are treated alike, so that nothing shows which exist. It is in the memory of one process.
 */
export type SignInLimits = {
  /** Throws AppError `rate_limited`. The attempt is open until `end`, which counts once. */
  begin(attempt: SignInAttempt, nowMs: number): { end(ending: Ending): void }
  /** Whole seconds until `begin` lets the attempt in; 0: now. */
  secondsLeft(attempt: SignInAttempt, nowMs: number): number
}

/** `perMinuteMax`: of the setting LATCHKEY_FAILED_AUTH_PER_MINUTE. */
export function createSignInLimits(perMinuteMax: number): SignInLimits {
  const pairs = createBackOff()
  const networks = createBackOff()
  const strangers = createStrangers()
  const networkFree = Math.max(FREE, Math.floor(perMinuteMax / NETWORK_PART))

  /** Everything that an attempt counts against. */
  function countedFor({ name, address, isKnown }: SignInAttempt, nowMs: number) {
    const key = keyOf(name)
    const network = networkOf(address)
    // Counted apart: a stranger's failures do not hold up a known user at the same network.
    const pair = `${key} ${network}${isKnown ? ' known' : ''}`
    if (isKnown) return [{ table: pairs, key: pair, free: FREE_WHERE_KNOWN }]
    const pairFree = strangers.areMany(key, nowMs) ? FREE_WHERE_GUESSED_AT : FREE
    const site = siteOf(address)
    return [
      { table: pairs, key: pair, free: pairFree },
      { table: networks, key: network, free: networkFree },
      ...(site === undefined ? [] : [{ table: networks, key: site, free: networkFree * SITE_FREE_TIMES }]),
    ]
  }
  const secondsLeft = (counted: ReturnType<typeof countedFor>, nowMs: number): number =>
    Math.max(...counted.map(({ table, key, free }) => table.secondsLeft(key, free, nowMs) ?? 0))

  return {
    secondsLeft: (attempt, nowMs) => secondsLeft(countedFor(attempt, nowMs), nowMs),
    begin(attempt, nowMs) {
      const key = keyOf(attempt.name)
      const counted = countedFor(attempt, nowMs)
      const retryAfterSeconds = secondsLeft(counted, nowMs)
      if (retryAfterSeconds > 0) throw tooMany(retryAfterSeconds)
      for (const { table, key } of counted) table.begin(key, nowMs)
      let isOpen = true
      return {
        end(ending) {
          if (!isOpen) return
          isOpen = false
          if (ending === 'failed' && !attempt.isKnown) strangers.note(key, nowMs)
          for (const { table, key, free } of counted) {
            // Who guesses may also sign in as itself: that gives its network no new tries.
            const isForgiven = ending === 'succeeded' && table === networks
            table.end(key, isForgiven ? 'dropped' : ending, free, nowMs)
          }
        },
      }
    },
  }
}

/** How often a name was failed at from where nobody knows it, within the hour. */
function createStrangers() {
  const windows = createBoundedMap<string, { readonly startedAtMs: number; readonly failures: number }>(
    NAMES_MAX,
  )
  const find = (name: string, nowMs: number) => {
    const known = windows.get(name)
    const isCurrent = known !== undefined && Math.abs(nowMs - known.startedAtMs) < STRANGERS_WINDOW_MS
    return isCurrent ? known : { startedAtMs: nowMs, failures: 0 }
  }
  return {
    areMany: (name: string, nowMs: number) => find(name, nowMs).failures >= STRANGERS_MAX,
    note(name: string, nowMs: number): void {
      const { startedAtMs, failures } = find(name, nowMs)
      windows.set(name, { startedAtMs, failures: failures + 1 })
    },
  }
}

const tooMany = (retryAfterSeconds: number): AppError =>
  new AppError('rate_limited', 'Too many wrong passwords: wait, then try again.', { retryAfterSeconds })

/** A name of any length is remembered in a few bytes, and not in clear. */
const keyOf = (name: string): string => hash('sha256', name, 'base64url')
