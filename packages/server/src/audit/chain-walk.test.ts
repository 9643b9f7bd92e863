import type { CompanyId } from '@latchkey/core/ids'
import { describe, expect, test } from 'vitest'
import type { StoredEvent } from '../storage/tables/schema.ts'
import { CHAIN_START, createAuditChain } from './chain.ts'
import { type Walked, walkChain } from './chain-walk.ts'
import type { Sighted } from './sightings.ts'

const chain = createAuditChain(Buffer.from('0123456789abcdef0123456789abcdef'))
const START: { readonly sequence: number; readonly head: Uint8Array } = { sequence: 0, head: CHAIN_START }
const NO_BREAKS = '00'.repeat(32)
const DOES_NOT_FIT = 'its contents or its place do not fit its hash'

type Changes = Readonly<Record<string, readonly [unknown, unknown]>>

/** The next event after others, as the service writes one. */
function next(
  events: readonly StoredEvent[],
  action = 'key.updated',
  changes: Changes = {},
  start = START,
): StoredEvent {
  const last = events.at(-1) ?? { sequence: start.sequence, hash: start.head }
  const sequence = last.sequence + 1
  const event = {
    company_id: 'cmp_1' as CompanyId,
    id: `evt_${sequence}`,
    sequence,
    at: 1_000 + sequence,
    action,
    actor_type: 'host',
    actor_id: null,
    actor_user_id: null,
    object_type: 'key',
    object_id: 'key_1',
    address: null,
    request_id: null,
    changes: JSON.stringify(changes),
  }
  return { ...event, hash: chain.hash(last.hash, event), redaction: null }
}

/** So many that hold. */
function chained(count: number, start = START): StoredEvent[] {
  const events: StoredEvent[] = []
  for (let n = 0; n < count; n += 1) events.push(next(events, 'key.updated', {}, start))
  return events
}

function walk(events: readonly StoredEvent[], start = START, seen?: Sighted): Walked {
  const walk = walkChain(chain, start, seen)
  for (const event of events) walk.take(event)
  return walk.state()
}

/** Somebody writes to the event with this number. */
const tampered = (events: readonly StoredEvent[], ...numbers: number[]): StoredEvent[] =>
  events.map((event) => (numbers.includes(event.sequence) ? { ...event, at: event.at + 1 } : event))

/** Somebody on the server accepts what `events` show, and this is written down. */
const accepted = (events: readonly StoredEvent[]): StoredEvent[] => [
  ...events,
  next(events, 'audit.break_accepted', { breaks: [null, walk(events).digest] }),
]

describe('a chain that holds', () => {
  test('ends where its last event is, without a break', () => {
    const events = chained(3)
    expect(walk(events)).toEqual({
      sequence: 3,
      head: events[2]!.hash,
      broken: undefined,
      breaks: 0,
      acceptedBreaks: 0,
      digest: NO_BREAKS,
      unexpected: undefined,
      cut: 0,
    })
    expect(walk([])).toMatchObject({ sequence: 0, head: CHAIN_START, breaks: 0 })
  })

  test('may start later', () => {
    const start = { sequence: 7, head: Buffer.alloc(32, 7) }
    expect(walk(chained(2, start), start)).toMatchObject({ sequence: 9, broken: undefined })
  })

  test('holds with an event whose personal values were taken out, in its place only', () => {
    const [first, second] = chained(2) as [StoredEvent, StoredEvent]
    const left = { ...second, changes: '{"name":["[personal]","[personal]"]}' }
    const redaction = chain.redaction(first.hash, second.hash, left)
    expect(walk([first, { ...left, redaction }]).broken).toBeUndefined()
    expect(walk([first, { ...second, redaction }]).broken).toMatchObject({ sequence: 2 })
    const elsewhere = chain.redaction(CHAIN_START, second.hash, left)
    expect(walk([first, { ...left, redaction: elsewhere }]).broken).toMatchObject({ sequence: 2 })
  })
})

describe('what does not fit is found', () => {
  const four = chained(4)
  const [one, two, three] = four as [StoredEvent, StoredEvent, StoredEvent]
  const before = { ...one, id: 'evt_0', sequence: 0 }
  const inserted = { ...two, id: 'evt_x', sequence: 3 }

  test.each<readonly [string, readonly StoredEvent[], object, number]>([
    ['changed', tampered(four, 3), { eventId: 'evt_3', sequence: 3, reason: DOES_NOT_FIT }, 1],
    ['changed in two places', tampered(four, 2, 4), { eventId: 'evt_2', sequence: 2 }, 2],
    [
      'deleted',
      [one, two, ...four.slice(3)],
      { eventId: 'evt_4', sequence: 3, reason: 'event 3 is missing: the next one there is number 4' },
      1,
    ],
    ['inserted', [one, two, inserted], { eventId: 'evt_x', sequence: 3, reason: DOES_NOT_FIT }, 1],
    [
      'inserted before the first',
      [{ ...before, sequence: -7 }, before, ...four],
      {
        eventId: 'evt_0',
        sequence: -7,
        reason: 'the chain starts after number 0, and this is before it',
      },
      2,
    ],
    [
      'twice there',
      [one, two, two, three],
      { eventId: 'evt_2', sequence: 2, reason: 'event 3 is missing: the next one there is number 2' },
      1,
    ],
    [
      'marked by the service',
      [one, next([one], 'audit.chain_broken')],
      { eventId: 'evt_2', sequence: 2, reason: 'what was before it did not hold when it was written' },
      1,
    ],
  ])('%s', (_, events, broken, breaks) => {
    expect(walk(events)).toMatchObject({ broken, breaks, acceptedBreaks: 0 })
  })

  test('where a chain starts later, what is before it too', () => {
    const start = { sequence: 2, head: two.hash }
    const walked = walk(four, start)
    const reason = 'the chain starts after number 2, and this is before it'
    expect(walked).toMatchObject({
      broken: { eventId: 'evt_1', sequence: 1, reason },
      breaks: 2,
      sequence: 4,
    })
    const last = walk([two, ...four.slice(2)], start)
    expect(last).toMatchObject({ broken: { eventId: 'evt_2', sequence: 2, reason }, breaks: 1 })
  })

  test('different breaks have different names, and names stay what they are', () => {
    const names = [[2], [3], [2, 3], []].map((numbers) => walk(tampered(four, ...numbers)).digest)
    expect(new Set(names).size).toBe(4)
    expect(walk(tampered(four, 2).map((event) => ({ ...event, at: event.at + 1 }))).digest).not.toBe(names[0])
    // Stored in events: it has to be found again by every later release.
    expect(names[0]).toBe('c65db53e9d0e37c755ae6d49676f1ba14a58beb881cafb4fee1b953f937e5b5a')
  })
})

describe('a break that somebody has accepted', () => {
  test('is counted, and no break any more', () => {
    const walked = walk(accepted(tampered(chained(4), 2, 3)))
    expect(walked).toMatchObject({ broken: undefined, breaks: 0, acceptedBreaks: 2, sequence: 5 })
  })

  test('does not accept what comes after it, nor what is changed before it', () => {
    const events = accepted(tampered(chained(4), 2))
    const later = [...events, next(events)]
    expect(walk(tampered(later, 6))).toMatchObject({ broken: { sequence: 6 }, breaks: 1, acceptedBreaks: 1 })
    expect(walk(tampered(later, 3))).toMatchObject({ broken: { sequence: 2 }, breaks: 2, acceptedBreaks: 0 })
    const twice = accepted(tampered(later, 6))
    expect(walk(twice)).toMatchObject({ broken: undefined, breaks: 0, acceptedBreaks: 2 })
  })

  test('is accepted by such an event only, and only by one that fits', () => {
    const events = tampered(chained(3), 2)
    const changes: Changes = { breaks: [null, walk(events).digest] }
    for (const action of ['key.updated', 'audit.chain_broken']) {
      expect(walk([...events, next(events, action, changes)]).broken).toMatchObject({ sequence: 2 })
    }
    for (const breaks of [undefined, null, NO_BREAKS]) {
      const other = next(events, 'audit.break_accepted', { breaks: [walk(events).digest, breaks] })
      expect(walk([...events, other]).broken).toMatchObject({ sequence: 2 })
    }
    expect(walk(tampered(accepted(events), 4)).broken).toMatchObject({ sequence: 2 })
  })
})

describe('what was pruned', () => {
  const pruned = (events: readonly StoredEvent[], cut: unknown, breaks: string = NO_BREAKS) =>
    next(events, 'audit.pruned', { cut: [0, cut], head: [null, 'x'], breaks: [null, breaks] })

  test('is told by the last event that says so and fits', () => {
    const events = chained(3)
    expect(walk([...events, pruned(events, 2)]).cut).toBe(2)
    expect(walk(tampered([...events, pruned(events, 2)], 4)).cut).toBe(0)
    const later = [...events, pruned(events, 2)]
    expect(walk(accepted(later)).cut).toBe(2)
    expect(walk([...later, pruned(later, 3)]).cut).toBe(3)
    const updated = next(events, 'key.updated', { cut: [0, 2] })
    expect(walk([...events, updated]).cut).toBe(0)
  })

  test('keeps what was accepted of what remains', () => {
    const events = tampered(chained(3), 2)
    const { digest } = walk(events)
    expect(walk([...events, pruned(events, 0, digest)])).toMatchObject({
      broken: undefined,
      acceptedBreaks: 1,
    })
    expect(walk([...events, pruned(events, 0)]).broken).toMatchObject({ sequence: 2 })
  })
})

describe('the list of companies is sealed once', () => {
  const SEALED = 'store.companies_sealed'
  const reason = 'the list of companies was sealed before: somebody took its seal away'
  const then = (events: readonly StoredEvent[], action: string) => [...events, next(events, action)]

  test('and a second time shows, also when the first does not fit', () => {
    const once = then(chained(1), SEALED)
    expect(walk(once).broken).toBeUndefined()
    const twice = then(then(once, 'key.updated'), SEALED)
    expect(walk(twice).broken).toEqual({ eventId: 'evt_4', sequence: 4, reason })
    expect(walk(tampered(twice, 2)).breaks).toBe(2)
  })

  test('and before anything is pruned: that event may be gone', () => {
    const pruned = then(chained(1), 'audit.pruned')
    expect(walk(then(pruned, SEALED)).broken).toMatchObject({ sequence: 3, reason })
    expect(walk(then(accepted(chained(1)), SEALED)).broken).toBeUndefined()
  })
})

describe('what checkpoints saw', () => {
  /** Saw something else at these places; remembers what it was asked. */
  function seenOtherwise(...places: number[]) {
    const asked: [number, Uint8Array][] = []
    const seen: Sighted = {
      differs(count, head) {
        asked.push([count, head])
        return places.includes(count) ? `another ${count}` : undefined
      },
      ends: () => undefined,
    }
    return { asked, seen }
  }

  test('is held against each event, and the first that is another is named', () => {
    const events = chained(4)
    const { asked, seen } = seenOtherwise(2, 3)
    expect(walk(events, START, seen)).toMatchObject({
      broken: undefined,
      unexpected: { eventId: 'evt_2', sequence: 2, reason: 'another 2' },
    })
    expect(asked).toEqual(events.map(({ sequence, hash }) => [sequence, hash]))
  })

  test('is not held against what is before the start', () => {
    const events = chained(4)
    const { asked, seen } = seenOtherwise(1, 2)
    expect(walk(events, { sequence: 2, head: events[1]!.hash }, seen).unexpected).toBeUndefined()
    expect(asked.map(([count]) => count)).toEqual([3, 4])
  })
})
