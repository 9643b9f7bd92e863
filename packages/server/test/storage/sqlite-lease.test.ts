/** Several processes' worth of servers on one file, each with memory and a lease of its own, and one clock for all. */

import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { IN_FORCE } from '@latchkey/core/evaluate'
import type { KeyId } from '@latchkey/core/ids'
import { compileAuthority } from '@latchkey/core/permission'
import { createVerifier, type Verifier } from '@latchkey/core/verifier'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { storeFileOf } from '../../src/open-store.ts'
import type { AskedChanges, Engine } from '../../src/storage/engine.ts'
import { openSqlite } from '../../src/storage/sqlite/sqlite.ts'
import { createApplied } from '../../src/verification/freshness/applied.ts'
import { createFreshness } from '../../src/verification/freshness/freshness.ts'
import { startTestServer } from '../harness.ts'
import { memoryDisk } from '../memory-disk.ts'

const RUNS = Number(process.env.LEASE_RUNS ?? 150)
const SERVERS = 3
const ATTEMPT = { ...IN_FORCE, address: undefined, nowMs: 0 }

type Server = { readonly engine: Engine; readonly changes: AskedChanges; readonly verifier: Verifier }
type World = ReturnType<typeof createWorld>

let directory: string
let file: string
let keys = 0

beforeEach(async () => {
  directory = mkdtempSync(join(memoryDisk(), 'latchkey-test-'))
  file = join(directory, 'a.db')
  // Nobody has held the lease of a new store.
  await openSqlite({ file, onFatal: () => {}, onCommit: () => {} }).close()
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

/** Keys are made by being asked for, and stop when the log names them. `tickMs` goes by with each look at the clock. */
function createWorld(tickMs: number) {
  const database = new DatabaseSync(file)
  const named = database.prepare('SELECT count(*) AS times FROM log WHERE object_id = ?')
  let nowMs = 0
  const monotonicMs = () => {
    nowMs += tickMs
    return nowMs
  }
  const servers: Server[] = []
  /** When the revocation of a key was answered, or will be. */
  const answeredAtMs = new Map<KeyId, number>()

  function open(): Server {
    const engine = openSqlite({ file, onFatal: () => {}, onCommit: () => {}, monotonicMs })
    const changes = engine.changes as AskedChanges
    const verifier: Verifier = createVerifier({
      fingerprint: () => {
        throw new Error('keys are asked for by their id here')
      },
      pick: async ([tag]) => tag,
      load: ({ handle: id }) => ({ secrets: [], key: keyOf(id as KeyId, named.get(id)?.times === 0) }),
      isFresh: createFreshness(
        changes,
        createApplied({ drop: (...them) => verifier.drop(...them), clear: () => verifier.clear() }),
      ),
      monotonicMs,
    })
    return { engine, changes, verifier }
  }

  for (let n = 0; n < SERVERS; n++) servers.push(open())
  return {
    claim: (server: number, isAlone: boolean) => servers[server]!.changes.claim(isAlone),
    write: (server: number) => servers[server]!.engine.write(async () => {}),
    /** One during which time goes by, after another of the same transaction has perhaps taken the lease. */
    writeSlowly: (server: number, meanwhile: () => void) =>
      servers[server]!.engine.write(async () => {
        nowMs += 15
        meanwhile()
      }),
    /** One that comes to nothing, before or after it took the lease. */
    fail: (server: number, isLate: boolean) =>
      servers[server]!.engine.write(async (_db, revoke) => {
        if (!isLate) throw new Error('not this one')
        revoke({ scope: 'no such scope' as 'key', id: newKey() })
      }).catch(() => {}),
    advance(ms: number) {
      nowMs += ms
    },
    /** Answers whether somebody is waited for. */
    async revoke(server: number, id: KeyId): Promise<boolean> {
      const { engine, changes } = servers[server]!
      const { revocation } = await engine.write(async (_db, revoke) => revoke({ scope: 'key', id }))
      const isWaited = revocation !== undefined
      const atMs = nowMs + (isWaited ? changes.settleMs : 0)
      answeredAtMs.set(id, Math.min(atMs, answeredAtMs.get(id) ?? atMs))
      return isWaited
    },
    verify(server: number, id: KeyId): boolean {
      const outcome = servers[server]!.verifier.verifyById(id, ATTEMPT)
      return 'code' in outcome && outcome.code === 'VALID'
    },
    isAnswered: (id: KeyId) => (answeredAtMs.get(id) ?? Number.POSITIVE_INFINITY) <= nowMs,
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

function newKey(): KeyId {
  keys += 1
  return `key_${keys}` as KeyId
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
    authority: compileAuthority({ role: 'viewer', isOperator: false, userPermissions: null, narrowings: [] }),
    metadata: {},
  }) as never

/** Runs in a world of its own, and lets go of it whatever happens. */
async function inWorld(run: (world: World) => Promise<void>, tickMs = 0): Promise<void> {
  const world = createWorld(tickMs)
  try {
    await run(world)
  } finally {
    await world.close()
  }
}

/** Two keys, remembered by some, revoked by some, and asked for by all while time goes by. */
type Round = {
  readonly claims: readonly (readonly [server: number, isAlone: boolean])[]
  readonly restarted: number | undefined
  readonly pauses: readonly number[]
  readonly rememberedBy: readonly number[]
  /** At the same time; those of one server share a transaction. */
  readonly jobs: readonly (readonly [
    server: number,
    what: 'revoke' | 'write' | 'write slowly' | 'fail' | 'fail late',
    key: 0 | 1,
  ])[]
}

const server = fc.nat(SERVERS - 1)
const pause = fc.constantFrom(0, 1, 4, 9, 11, 25)
const round: fc.Arbitrary<Round> = fc.record({
  claims: fc.array(fc.tuple(server, fc.boolean()), { maxLength: 1 }),
  restarted: fc.option(server, { freq: 6, nil: undefined }),
  pauses: fc.array(pause, { minLength: 1, maxLength: 4 }),
  rememberedBy: fc.subarray([0, 1, 2], { minLength: 1 }),
  jobs: fc.array(
    fc.tuple(
      server,
      fc.constantFrom('revoke', 'revoke', 'revoke', 'write', 'write slowly', 'fail', 'fail late'),
      fc.constantFrom(0, 1),
    ),
    { minLength: 1, maxLength: 5 },
  ),
})

async function play(world: World, { claims, restarted, pauses, rememberedBy, jobs }: Round): Promise<void> {
  const ids = [newKey(), newKey()] as const
  const look = (server: number) => {
    for (const id of ids) {
      const isLate = world.isAnswered(id)
      expect(world.verify(server, id) && isLate, 'accepted after its revocation was answered').toBe(false)
    }
  }
  const lookAround = () => rememberedBy.forEach(look)
  for (const [server, isAlone] of claims) world.claim(server, isAlone)
  if (restarted !== undefined) await world.restart(restarted)
  lookAround()
  await Promise.all(
    jobs.map(async ([server, what, key]) => {
      if (what === 'revoke') await world.revoke(server, ids[key])
      else if (what === 'write') await world.write(server)
      else if (what === 'write slowly') await world.writeSlowly(server, lookAround)
      else await world.fail(server, what === 'fail late')
      lookAround()
    }),
  )
  for (const ms of pauses) {
    world.advance(ms)
    for (let server = 0; server < SERVERS; server++) look(server)
  }
}

test('nothing is accepted after its revocation was answered, whoever holds the lease, takes it or dies', {
  timeout: 60_000 + RUNS * 500,
}, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(round, { minLength: 4, maxLength: 12 }),
      fc.constantFrom(0, 1, 3),
      (rounds, tickMs) =>
        inWorld(async (world) => {
          for (const one of rounds) await play(world, one)
        }, tickMs),
    ),
    { numRuns: RUNS },
  )
})

test('the one process that holds the lease waits for nobody; whoever revokes beside it waits for it', () =>
  inWorld(async (world) => {
    const [one, other] = [newKey(), newKey()]
    world.claim(0, true)
    await world.write(0)
    expect(world.verify(0, one)).toBe(true)
    expect([await world.revoke(0, one), world.verify(0, one)]).toEqual([false, false])

    expect(world.verify(0, other)).toBe(true)
    expect([await world.revoke(1, other), world.isAnswered(other)]).toEqual([true, false])
    world.advance(20)
    expect([world.isAnswered(other), world.verify(0, other)]).toEqual([true, false])
  }))

test('who lost the lease looks each time, and who took it waits until that is so', () =>
  inWorld(async (world) => {
    const [one, other] = [newKey(), newKey()]
    world.claim(0, true)
    await world.write(0)
    world.claim(1, true)
    expect([world.verify(0, one), world.verify(0, other)]).toEqual([true, true])
    // The write that takes the lease is the revocation itself.
    expect(await world.revoke(1, one)).toBe(true)
    world.advance(20)
    expect([world.verify(0, one), world.verify(0, other)]).toEqual([false, true])
    expect([await world.revoke(1, other), world.verify(0, other)]).toEqual([false, false])
  }))

test('nobody is waited for where nobody serves', () =>
  inWorld(async (world) => {
    const one = newKey()
    expect(world.verify(1, one)).toBe(true)
    expect([await world.revoke(0, one), world.verify(1, one)]).toEqual([false, false])
  }))

test('a restored store is accepted when nobody answers from before it any more', async () => {
  const open = () => openSqlite({ file, onFatal: () => {}, onCommit: () => {} })
  const [holder, other] = [open(), open()]
  const changes = holder.changes as AskedChanges
  changes.claim(true)
  await holder.write(async () => {})
  for (let n = 0; n < 10; n++) {
    const { revision } = changes.changesSince(-1)!
    // A young look, which it may believe.
    expect(changes.changesSince(revision)).toBeUndefined()
    await other.accept(async () => {})
    expect(changes.changesSince(revision)?.revision).toBe(revision + 1)
  }
  await holder.close()
  await other.close()
})

test('a server takes the lease with its first write, and names everybody where it is one of several', async () => {
  const service = await startTestServer()
  const leaseholder = async () => {
    await service.services.engine.write(async () => {})
    const database = new DatabaseSync(storeFileOf(service.dataDir), { readOnly: true })
    const row = database.prepare('SELECT leaseholder FROM head').get()
    database.close()
    return row?.leaseholder
  }
  expect(await leaseholder()).toMatch(/^[0-9a-f-]{36}$/)
  await service.services.revocations.start({ isAlone: false })
  expect(await leaseholder()).toBe('everybody')
  await service.dispose()
})
