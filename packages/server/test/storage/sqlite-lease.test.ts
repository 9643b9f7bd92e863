/** Several processes' worth of servers on one file, each with memory and a lease of its own, and one clock for all. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { KeyId } from '@latchkey/core/ids'
import { createVerifier, type Verifier } from '@latchkey/core/verifier'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { AskedChanges, Engine } from '../../src/storage/engine.ts'
import { openSqlite } from '../../src/storage/sqlite.ts'
import { createFreshness } from '../../src/verification/freshness.ts'

const RUNS = 150
const SERVERS = 2
const KEYS = 2
const ATTEMPT = { visibleTo: null, address: undefined, permissions: [], nowMs: 0 }

type Server = { readonly engine: Engine; readonly changes: AskedChanges; readonly verifier: Verifier }
type World = Awaited<ReturnType<typeof createWorld>>

let directory: string
let file: string
let worlds = 0

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'latchkey-test-'))
  file = join(directory, 'a.db')
  // Nobody has held the lease of a new store.
  await openSqlite({ file, onFatal: () => {}, onCommit: () => {} }).close()
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

/** Keys are made by being asked for, and stop when the log names them. */
function createWorld() {
  worlds += 1
  const prefix = `key_${worlds}_`
  const database = new DatabaseSync(file)
  const named = database.prepare('SELECT count(*) AS times FROM log WHERE object_id = ?')
  let nowMs = 0
  const monotonicMs = () => nowMs
  const servers: Server[] = []
  const pending: { readonly id: string; readonly atMs: number }[] = []
  const acknowledged = new Set<string>()
  const idOf = (key: number) => `${prefix}${key}` as KeyId

  function open(): Server {
    const engine = openSqlite({ file, onFatal: () => {}, onCommit: () => {}, monotonicMs })
    const changes = engine.changes as AskedChanges
    const verifier: Verifier = createVerifier({
      fingerprint: () => {
        throw new Error('keys are asked for by their id here')
      },
      load: (handle) => ({
        fingerprint: undefined,
        key: keyOf(handle as KeyId, named.get(handle)?.times === 0),
      }),
      isFresh: createFreshness(changes, { drop: (it) => verifier.drop(it), clear: () => verifier.clear() }),
      monotonicMs,
    })
    return { engine, changes, verifier }
  }

  function acknowledge(): void {
    for (const { id, atMs } of pending) if (nowMs >= atMs) acknowledged.add(id)
  }

  for (let n = 0; n < SERVERS; n++) servers.push(open())
  return {
    servers,
    hold: (server: number, isAlone: boolean) => servers[server]!.changes.hold(isAlone),
    write: (server: number) => servers[server]!.engine.write(async () => {}),
    advance(ms: number) {
      nowMs += ms
      acknowledge()
    },
    /** Answers whether somebody is waited for. */
    async revoke(server: number, key: number): Promise<boolean> {
      const { engine, changes } = servers[server]!
      const id = idOf(key)
      const { revocation } = await engine.write(async (_db, revoke) => revoke({ scope: 'key', id }))
      pending.push({ id, atMs: nowMs + (revocation === undefined ? 0 : changes.settleMs) })
      acknowledge()
      return revocation !== undefined
    },
    verify(server: number, key: number): boolean {
      const outcome = servers[server]!.verifier.verifyById(idOf(key), ATTEMPT)
      return 'code' in outcome && outcome.code === 'VALID'
    },
    isAcknowledged: (key: number) => acknowledged.has(idOf(key)),
    async restart(server: number) {
      await servers[server]!.engine.close()
      servers[server] = open()
    },
    async close() {
      for (const { engine } of servers) await engine.close()
      database.close()
    },
  }
}

const keyOf = (id: KeyId, isActive: boolean) =>
  ({
    id,
    companyId: 'com_1',
    userId: 'usr_1',
    mode: 'live',
    isActive,
    isUserActive: true,
    isCompanyActive: true,
    expiresAtMs: null,
    allowlist: null,
    role: 'viewer',
    isOperator: false,
    authority: { covers: () => true },
    metadata: {},
  }) as never

/** Runs in a world of its own, and lets go of it whatever happens. */
async function inWorld(run: (world: World) => Promise<void>): Promise<void> {
  const world = createWorld()
  try {
    await run(world)
  } finally {
    await world.close()
  }
}

const server = fc.nat(SERVERS - 1)
const key = fc.nat(KEYS - 1)
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ verify: server, key }) },
  { weight: 3, arbitrary: fc.record({ revoke: server, key }) },
  { weight: 3, arbitrary: fc.record({ advance: fc.integer({ min: 1, max: 25 }) }) },
  { weight: 1, arbitrary: fc.record({ together: server, key }) },
  { weight: 2, arbitrary: fc.record({ write: server }) },
  { weight: 1, arbitrary: fc.record({ hold: server, isAlone: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ restart: server }) },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

async function take(world: World, one: Step): Promise<void> {
  if ('verify' in one) {
    const isLate = world.isAcknowledged(one.key)
    expect(world.verify(one.verify, one.key) && isLate, 'accepted after its revocation was answered').toBe(
      false,
    )
  } else if ('revoke' in one) await world.revoke(one.revoke, one.key)
  // One transaction for both: the first may be the one that takes the lease.
  else if ('together' in one)
    await Promise.all([world.write(one.together), world.revoke(one.together, one.key)])
  else if ('advance' in one) world.advance(one.advance)
  else if ('write' in one) await world.write(one.write)
  else if ('hold' in one) world.hold(one.hold, one.isAlone)
  else await world.restart(one.restart)
}

test('nothing is accepted after its revocation was answered, whoever holds the lease, takes it or dies', {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), (steps) =>
      inWorld(async (world) => {
        for (const one of steps) await take(world, one)
      }),
    ),
    { numRuns: Number(process.env.LEASE_RUNS ?? RUNS) },
  )
})

test('the one process that holds the lease waits for nobody; whoever revokes beside it waits for it', () =>
  inWorld(async (world) => {
    world.hold(0, true)
    await world.write(0)
    expect(world.verify(0, 0)).toBe(true)
    expect([await world.revoke(0, 0), world.verify(0, 0)]).toEqual([false, false])

    expect(world.verify(0, 1)).toBe(true)
    expect([await world.revoke(1, 1), world.isAcknowledged(1)]).toEqual([true, false])
    world.advance(20)
    expect([world.isAcknowledged(1), world.verify(0, 1)]).toEqual([true, false])
  }))

test('who lost the lease looks each time, and who took it waits until that is so', () =>
  inWorld(async (world) => {
    world.hold(0, true)
    await world.write(0)
    world.hold(1, true)
    expect([world.verify(0, 0), world.verify(0, 1)]).toEqual([true, true])
    // The write that takes the lease is the revocation itself.
    expect(await world.revoke(1, 0)).toBe(true)
    world.advance(20)
    expect([world.verify(0, 0), world.verify(0, 1)]).toEqual([false, true])
    expect([await world.revoke(1, 1), world.verify(0, 1)]).toEqual([false, false])
  }))

test('nobody is waited for where nobody serves', () =>
  inWorld(async (world) => {
    expect(world.verify(1, 0)).toBe(true)
    expect([await world.revoke(0, 0), world.verify(1, 0)]).toEqual([false, false])
  }))
