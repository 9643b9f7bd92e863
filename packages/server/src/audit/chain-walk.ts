import { createHash } from 'node:crypto'
import type { StoredEvent } from '../storage/tables/schema.ts'
import { CHAIN_BROKEN, PRUNED } from './append-event.ts'
import { type AuditChain, isEqual } from './chain.ts'
import type { Sighted } from './sightings.ts'

/** Written on the server itself: somebody has looked at what does not fit before this event. */
export const BREAK_ACCEPTED = 'audit.break_accepted'
/** The list of companies of a store of an older release was sealed. That happens once. */
export const LIST_SEALED = 'store.companies_sealed'

/** An event that does not fit, and why. */
export type Misfit = { readonly eventId: string; readonly sequence: number; readonly reason: string }

/** What a walk has found so far. */
export type Walked = {
  /** Place and hash of the last event. */
  readonly sequence: number
  readonly head: Uint8Array
  /** The first event that breaks the chain, of those breaks that nobody has accepted; and how many there are. */
  readonly broken: Misfit | undefined
  readonly breaks: number
  readonly acceptedBreaks: number
  /** Of every break so far. Who accepts them names this, so that another one is not accepted with them. */
  readonly digest: string
  /** The first event that is not what somebody saw in its place. */
  readonly unexpected: Misfit | undefined
  /** How many events were pruned, as the chain's own events tell. */
  readonly cut: number
}

export type ChainWalk = { take(event: StoredEvent): void; state(): Walked }

/**
 * Takes the events of one chain in their order, and recomputes it. After one that does not fit it goes on from what
 * that one says of itself, so that every break is found. `seen`: what checkpoints saw of the chain.
 */
export function walkChain(
  chain: AuditChain,
  start: { readonly sequence: number; readonly head: Uint8Array },
  seen?: Sighted,
): ChainWalk {
  let { sequence, head } = start
  let digest: Uint8Array = Buffer.alloc(32)
  let [breaks, acceptedBreaks, cut] = [0, 0, 0]
  let isListSealed = false
  let broken: Misfit | undefined
  let unexpected: Misfit | undefined

  const note = (event: StoredEvent, reason: string) => {
    breaks += 1
    broken ??= { eventId: event.id, sequence: Math.min(event.sequence, sequence + 1), reason }
    const seen = chain.hash(head, event)
    digest = createHash('sha256').update(digest).update(seen).update(event.hash).digest()
  }
  const believe = (event: StoredEvent) => {
    if (event.action !== BREAK_ACCEPTED && event.action !== PRUNED) return
    cut = Number(afterOf(event, 'cut') ?? cut)
    // Pruned is only what has a sealed list: that it was sealed may be what is gone.
    isListSealed ||= event.action === PRUNED
    if (afterOf(event, 'breaks') !== Buffer.from(digest).toString('hex')) return
    acceptedBreaks += breaks
    breaks = 0
    broken = undefined
  }

  return {
    take(event) {
      const reason = faultOf(chain, { sequence, head, startsAfter: start.sequence, isListSealed }, event)
      isListSealed ||= event.action === LIST_SEALED
      if (reason === undefined) believe(event)
      else note(event, reason)
      if (event.sequence <= start.sequence) return
      head = event.hash
      sequence = event.sequence
      const difference = seen?.differs(sequence, head)
      if (difference !== undefined) unexpected ??= { eventId: event.id, sequence, reason: difference }
    },
    state: () => ({
      sequence,
      head,
      broken,
      breaks,
      acceptedBreaks,
      digest: Buffer.from(digest).toString('hex'),
      unexpected,
      cut,
    }),
  }
}

type Place = {
  readonly sequence: number
  readonly head: Uint8Array
  readonly startsAfter: number
  readonly isListSealed: boolean
}

function faultOf(
  chain: AuditChain,
  { sequence, head, startsAfter, isListSealed }: Place,
  event: StoredEvent,
): string | undefined {
  if (event.sequence <= startsAfter)
    return `the chain starts after number ${startsAfter}, and this is before it`
  if (event.sequence !== sequence + 1) {
    return `event ${sequence + 1} is missing: the next one there is number ${event.sequence}`
  }
  const fits =
    event.redaction === null
      ? isEqual(chain.hash(head, event), event.hash)
      : isEqual(chain.redaction(head, event.hash, event), event.redaction)
  if (!fits) return 'its contents or its place do not fit its hash'
  if (event.action === LIST_SEALED && isListSealed) {
    return 'the list of companies was sealed before: somebody took its seal away'
  }
  if (event.action === CHAIN_BROKEN) return 'what was before it did not hold when it was written'
  return undefined
}

/** Of an event that fits, and so is of our own making. */
function afterOf({ changes }: StoredEvent, field: string): unknown {
  return (JSON.parse(changes) as Record<string, readonly [unknown, unknown]>)[field]?.[1]
}
