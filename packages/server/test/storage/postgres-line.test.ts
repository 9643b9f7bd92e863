/** Who gets one of the connections, by order: no company has all of them, and revocations have their own. */
import { AppError } from '@latchkey/core/error'
import { describe, expect, test, vi } from 'vitest'
import { createPostgresLine, limitsOf } from '../../src/storage/postgres/line.ts'

type Asked = { readonly name: string; end(): void; readonly ended: Promise<void> }

/** What is running, in the order in which it began; each runs until it is ended. */
function createLine(connections: number) {
  const line = createPostgresLine(connections)
  const running: string[] = []
  const ask = (name: string, kind: 'read' | 'write', isUrgent = false): Asked => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const ended = line.through({ party: name.replace(/\d/g, ''), isUrgent }, kind, async () => {
      running.push(name)
      await promise
      running.splice(running.indexOf(name), 1)
    })
    // Whoever still waits when the test is over is turned away some seconds later, and nobody asks.
    ended.catch(() => {})
    return { name, end: resolve, ended }
  }
  const settle = () => new Promise((resolve) => setImmediate(resolve))
  return {
    running,
    settle,
    writes: (party: string, count: number, isUrgent = false) =>
      Array.from({ length: count }, (_, n) => ask(`${party}${n}`, 'write', isUrgent)),
    reads: (party: string, count: number) =>
      Array.from({ length: count }, (_, n) => ask(`${party}${n}`, 'read')),
  }
}

describe('with ten connections', () => {
  test('the writes of one company hold two, and its lists two more', async () => {
    const { running, settle, writes, reads } = createLine(10)
    writes('A', 50)
    await settle()
    expect(running).toEqual(['A0', 'A1'])
    reads('A', 50)
    await settle()
    expect(running).toEqual(['A0', 'A1', 'A0', 'A1'])
  })

  test('others are let in at once while one company has hundreds waiting', async () => {
    const { running, settle, writes, reads } = createLine(10)
    writes('A', 300)
    reads('A', 300)
    writes('B', 1)
    reads('C', 1)
    await settle()
    expect(running).toEqual(['A0', 'A1', 'A0', 'A1', 'B0', 'C0'])
  })

  test('whoever waits gets a turn as soon as one is over, by turns', async () => {
    const { running, settle, writes } = createLine(10)
    const [first] = writes('A', 5)
    const [third] = writes('B', 2)
    for (const party of ['C', 'D']) writes(party, 2)
    await settle()
    expect(running).toEqual(['A0', 'A1', 'B0', 'B1', 'C0', 'C1', 'D0', 'D1'])
    writes('E', 1)
    await settle()
    expect(running).not.toContain('E0')
    first!.end()
    await settle()
    // A has waited for longest. After that it is E's turn, though A has more waiting.
    expect(running.at(-1)).toBe('A2')
    third!.end()
    await settle()
    expect(running.at(-1)).toBe('E0')
  })

  test('a revocation finds a connection when all others are taken, and one company does not take them all', async () => {
    const { running, settle, writes } = createLine(10)
    for (const party of ['A', 'B', 'C', 'D']) writes(party, 2)
    writes('E', 5)
    await settle()
    expect(running).toHaveLength(8)
    writes('A!', 3, true)
    await settle()
    expect(running.slice(8)).toEqual(['A!0'])
    writes('B!', 1, true)
    await settle()
    expect(running.slice(8)).toEqual(['A!0', 'B!0'])
    expect(running).not.toContain('E0')
  })

  test('a revocation of the company that holds its own row up is not behind its writes', async () => {
    const { running, settle, writes } = createLine(10)
    writes('A', 100)
    writes('A', 1, true)
    await settle()
    expect(running).toEqual(['A0', 'A1', 'A0'])
  })

  test('what fails gives its connection back', async () => {
    const line = createPostgresLine(1)
    const failing = line.through({ party: 'A' }, 'write', async () => {
      throw new Error('on purpose')
    })
    await expect(failing).rejects.toThrow('on purpose')
    expect(await line.through({ party: 'B' }, 'read', async () => 1)).toBe(1)
  })
})

test.each([
  [1, { reserve: 0, ofParty: 1, writesOfParty: 1 }],
  [2, { reserve: 0, ofParty: 1, writesOfParty: 1 }],
  [3, { reserve: 0, ofParty: 2, writesOfParty: 2 }],
  [4, { reserve: 1, ofParty: 2, writesOfParty: 2 }],
  [10, { reserve: 2, ofParty: 4, writesOfParty: 2 }],
  [100, { reserve: 20, ofParty: 40, writesOfParty: 2 }],
])('of %i connections no company has all, unless there is one', (connections, limits) => {
  expect(limitsOf(connections)).toEqual(limits)
  expect(limits.ofParty + limits.reserve).toBeLessThanOrEqual(Math.max(1, connections - 1))
})

test('who waits too long is told to come again, and is not called afterwards', async () => {
  vi.useFakeTimers()
  try {
    const line = createPostgresLine(1)
    const gate = Promise.withResolvers<void>()
    const first = line.through({ party: 'A' }, 'write', () => gate.promise)
    let isCalled = false
    const second = line.through({ party: 'B' }, 'write', async () => {
      isCalled = true
    })
    const refused = expect(second).rejects.toMatchObject({ code: 'unavailable', retryAfterSeconds: 1 })
    await vi.advanceTimersByTimeAsync(5_000)
    await refused
    gate.resolve()
    await first
    expect(isCalled).toBe(false)
    expect(await line.through({ party: 'C' }, 'read', async () => 3)).toBe(3)
  } finally {
    vi.useRealTimers()
  }
})

test('one company cannot have more than a thousand waiting', async () => {
  const line = createPostgresLine(1)
  const gate = Promise.withResolvers<void>()
  const waiting = Array.from({ length: 1_001 }, () =>
    line.through({ party: 'A' }, 'write', () => gate.promise),
  )
  await expect(line.through({ party: 'A' }, 'write', async () => {})).rejects.toThrow(AppError)
  const other = line.through({ party: 'B' }, 'write', async () => 'in')
  gate.resolve()
  await Promise.all(waiting)
  expect(await other).toBe('in')
})
