import { describe, expect, it } from 'vitest'
import { aLoadedKey, anAttempt, fingerprintOf } from '../test/verifiable-key.ts'
import type { Fingerprint } from './fingerprint.ts'
import type { CompanyId, KeyId, UserId } from './ids.ts'
import type { KeyHandle, LoadedKey } from './loaded-key.ts'
import { Secret } from './secret.ts'
import { createVerifier } from './verifier.ts'

const SECRET = new Secret('1', 'live')

type Pending = { readonly handle: KeyHandle; land(loaded: LoadedKey | null): void; crash(error: Error): void }

/** A verifier whose loads land when the test says so, and whose freshness is the test's. */
function aVerifier() {
  const loads: Pending[] = []
  const picked: (readonly Fingerprint[])[] = []
  const state = { isFresh: true, nowMs: 0 }
  const verifier = createVerifier({
    fingerprint: (secret) => fingerprintOf(Number(secret.reveal())),
    pick: async (tags) => {
      picked.push(tags)
      return tags.find((tag) => tag === fingerprintOf(1))
    },
    load: ({ handle }) =>
      new Promise<LoadedKey | null>((land, crash) => {
        loads.push({ handle, land, crash })
      }),
    isFresh: () => state.isFresh,
    monotonicMs: () => state.nowMs,
  })
  return { verifier, loads, state, picked }
}

const active = aLoadedKey(1)
const revoked = aLoadedKey(1, { isActive: false })
const KEY = { scope: 'key', id: 'key_1' as KeyId } as const

describe('the verifier', () => {
  it('knows no text as absent any more when its company is named: an import announces keys so', async () => {
    const { verifier, loads } = aVerifier()
    const ask = () => verifier.verify(SECRET, anAttempt())
    const first = ask()
    loads[0]?.land(null)
    expect((await first).code).toBe('NOT_FOUND')
    verifier.drop(KEY)
    expect(ask()).toMatchObject({ code: 'NOT_FOUND' })
    verifier.drop({ scope: 'company', id: 'cmp_any' as CompanyId })
    const second = ask()
    loads[1]?.land(active)
    expect((await second).code).toBe('VALID')
  })

  it('answers a known key at once, without a promise and without a load', async () => {
    const { verifier, loads } = aVerifier()
    const first = verifier.verify(SECRET, anAttempt())
    loads[0]?.land(active)
    expect((await first).code).toBe('VALID')
    expect(verifier.verify(SECRET, anAttempt())).toMatchObject({
      code: 'VALID',
      key: active.key,
      secret: active.secrets[0],
    })
    expect(verifier.verifyById('key_1' as KeyId, anAttempt())).toEqual({
      code: 'VALID',
      key: active.key,
      secret: undefined,
    })
    expect(loads).toHaveLength(1)
  })

  it('makes one load for any number of callers who come while it is under way', async () => {
    const { verifier, loads } = aVerifier()
    const answers = Array.from({ length: 50 }, () => verifier.verify(SECRET, anAttempt()))
    loads[0]?.land(active)
    for (const answer of answers) expect((await answer).code).toBe('VALID')
    expect(loads).toHaveLength(1)
  })

  it('never publishes a load that a revocation overtook, though it answers its callers', async () => {
    const { verifier, loads } = aVerifier()
    const before = verifier.verify(SECRET, anAttempt())
    verifier.drop(KEY)
    const after = verifier.verify(SECRET, anAttempt())
    expect(loads).toHaveLength(2)
    loads[1]?.land(revoked)
    expect((await after).code).toBe('INACTIVE')
    // The older load lands last: it must not put the key back.
    loads[0]?.land(active)
    expect((await before).code).toBe('VALID')
    expect(verifier.verify(SECRET, anAttempt())).toMatchObject({ code: 'INACTIVE' })
  })

  it('drops every load under way on any revocation, for it may have read the state before it', async () => {
    const { verifier, loads } = aVerifier()
    const before = verifier.verify(SECRET, anAttempt())
    verifier.drop({ scope: 'key', id: 'key_other' as KeyId })
    loads[0]?.land(active)
    await before
    expect(verifier.size).toBe(0)
  })

  it('does not let a caller without proof of freshness join a load that began before it came', async () => {
    const { verifier, loads, state } = aVerifier()
    const before = verifier.verify(SECRET, anAttempt())
    state.isFresh = false
    const stale = verifier.verify(SECRET, anAttempt())
    expect(loads).toHaveLength(2)
    loads[1]?.land(revoked)
    expect((await stale).code).toBe('INACTIVE')
    loads[0]?.land(active)
    await before
    state.isFresh = true
    expect(verifier.verify(SECRET, anAttempt())).toMatchObject({ code: 'INACTIVE' })
  })

  it('asks the source again for a known key when freshness cannot be proven', async () => {
    const { verifier, loads, state } = aVerifier()
    const first = verifier.verify(SECRET, anAttempt())
    loads[0]?.land(active)
    await first
    state.isFresh = false
    const second = verifier.verify(SECRET, anAttempt())
    expect(loads).toHaveLength(2)
    loads[1]?.crash(new Error('the store is silent'))
    await expect(second).rejects.toThrow('the store is silent')
  })

  it('tries again after a load that failed', async () => {
    const { verifier, loads } = aVerifier()
    const first = verifier.verify(SECRET, anAttempt())
    loads[0]?.crash(new Error('the store is silent'))
    await expect(first).rejects.toThrow()
    const second = verifier.verify(SECRET, anAttempt())
    loads[1]?.land(active)
    expect((await second).code).toBe('VALID')
  })

  it('answers an unknown key from memory for two seconds, then asks again', async () => {
    const { verifier, loads, state } = aVerifier()
    const first = verifier.verify(SECRET, anAttempt())
    loads[0]?.land(null)
    expect((await first).code).toBe('NOT_FOUND')
    state.nowMs = 2_000
    expect(verifier.verify(SECRET, anAttempt())).toMatchObject({ code: 'NOT_FOUND' })
    state.nowMs = 2_001
    const later = verifier.verify(SECRET, anAttempt())
    expect(loads).toHaveLength(2)
    loads[1]?.land(active)
    expect((await later).code).toBe('VALID')
  })

  it('forgets everything when told to, and asks again', async () => {
    const { verifier, loads } = aVerifier()
    const first = verifier.verify(SECRET, anAttempt())
    loads[0]?.land(active)
    await first
    verifier.clear()
    expect(verifier.size).toBe(0)
    void verifier.verify(SECRET, anAttempt())
    expect(loads).toHaveLength(2)
  })

  it('forgets with everything else which keys are not there', async () => {
    const { verifier, loads } = aVerifier()
    const first = verifier.verify(SECRET, anAttempt())
    loads[0]?.land(null)
    expect((await first).code).toBe('NOT_FOUND')
    verifier.clear()
    const second = verifier.verify(SECRET, anAttempt())
    loads[1]?.land(active)
    expect((await second).code).toBe('VALID')
  })

  it('never publishes a load that began before everything was forgotten', async () => {
    const { verifier, loads } = aVerifier()
    const before = verifier.verify(SECRET, anAttempt())
    verifier.clear()
    loads[0]?.land(active)
    expect((await before).code).toBe('VALID')
    expect(verifier.size).toBe(0)
  })

  it.each([
    ['its key', KEY],
    ['its user', { scope: 'user', id: 'usr_1' as UserId }],
    ['its company', { scope: 'company', id: 'cmp_1' as CompanyId }],
  ] as const)('asks again for a key it knew when %s is revoked', async (_name, revoked) => {
    const { verifier, loads } = aVerifier()
    const first = verifier.verify(SECRET, anAttempt())
    loads[0]?.land(active)
    await first
    expect(verifier.size).toBe(1)
    verifier.drop(revoked)
    expect(verifier.size).toBe(0)
    void verifier.verify(SECRET, anAttempt())
    expect(loads).toHaveLength(2)
  })

  it('answers at once what a store answers at once, and remembers it', () => {
    const stored = new Map<KeyHandle, LoadedKey>([[fingerprintOf(1), aLoadedKey(1)]])
    const asked: KeyHandle[] = []
    const verifier = createVerifier({
      fingerprint: (secret) => fingerprintOf(Number(secret.reveal())),
      pick: async ([tag]) => tag,
      load: ({ handle }) => {
        asked.push(handle)
        return stored.get(handle) ?? null
      },
      isFresh: () => true,
      monotonicMs: () => 0,
    })
    for (let turn = 0; turn < 2; turn++) {
      expect(verifier.verify(SECRET, anAttempt())).toMatchObject({ code: 'VALID' })
      expect(verifier.verify(new Secret('2', 'live'), anAttempt())).toEqual({
        code: 'NOT_FOUND',
        key: undefined,
      })
    }
    expect(asked).toEqual([fingerprintOf(1), fingerprintOf(2)])
    expect({ hits: verifier.hits, loads: verifier.loads }).toEqual({ hits: 2, loads: 2 })
  })

  it('counts answers from memory and loads begun', async () => {
    const { verifier, loads, state } = aVerifier()
    const counts = () => ({ hits: verifier.hits, loads: verifier.loads })
    expect(counts()).toEqual({ hits: 0, loads: 0 })
    const [first, joined] = [verifier.verify(SECRET, anAttempt()), verifier.verify(SECRET, anAttempt())]
    expect(counts()).toEqual({ hits: 0, loads: 1 })
    loads[0]?.land(active)
    await Promise.all([first, joined])
    void verifier.verify(SECRET, anAttempt())
    void verifier.verifyById('key_1' as KeyId, anAttempt())
    expect(counts()).toEqual({ hits: 2, loads: 1 })
    state.isFresh = false
    void verifier.verify(SECRET, anAttempt())
    expect(counts()).toEqual({ hits: 2, loads: 2 })
  })

  it('finds a text under any of its tags with one question, and knows the answer afterwards', async () => {
    const { verifier, loads, state, picked } = aVerifier()
    const tags = [3, 1, 2].map(fingerprintOf)
    const first = verifier.verifyTags(tags, anAttempt())
    await new Promise(setImmediate)
    loads[0]?.land(active)
    expect(await first).toMatchObject({ code: 'VALID' })
    expect(verifier.verifyTags(tags, anAttempt())).toMatchObject({ code: 'VALID' })
    const others = [4, 5].map(fingerprintOf)
    expect(await verifier.verifyTags(others, anAttempt())).toMatchObject({ code: 'NOT_FOUND' })
    expect(verifier.verifyTags(others, anAttempt())).toMatchObject({ code: 'NOT_FOUND' })
    expect([picked.length, loads.length]).toEqual([2, 1])
    state.isFresh = false
    expect(await verifier.verifyTags(others, anAttempt())).toMatchObject({ code: 'NOT_FOUND' })
    expect([picked.length, loads.length]).toEqual([3, 1])
    expect(verifier.verifyTags([], anAttempt())).toMatchObject({ code: 'NOT_FOUND' })
  })

  it('does not remember as absent what may have been imported while the source was asked', async () => {
    const others = [2, 3].map(fingerprintOf)
    for (const forget of ['drop', 'clear'] as const) {
      const { verifier, picked } = aVerifier()
      const ask = () => verifier.verifyTags(others, anAttempt())
      const asked = ask()
      verifier[forget]({ scope: 'company', id: 'cmp_any' as CompanyId })
      expect((await asked).code).toBe('NOT_FOUND')
      await ask()
      expect(picked).toHaveLength(2)
    }
  })

  it('holds as many keys as it is told', async () => {
    const verifier = createVerifier({
      fingerprint: (secret) => fingerprintOf(Number(secret.reveal())),
      pick: async ([tag]) => tag,
      load: ({ handle }) => aLoadedKey(Number(String(handle).replaceAll('.', ''))),
      isFresh: () => true,
      monotonicMs: () => 0,
      keysMax: 3,
    })
    for (let n = 1; n <= 5; n++) void verifier.verify(new Secret(String(n), 'live'), anAttempt())
    expect(verifier.size).toBe(3)
  })
})

/** A verifier of a source that may be behind: `revisions` are what it had seen, `told` is what memory was told of. */
function aVerifierOfALate() {
  const revisions = new Map<LoadedKey | null, number>()
  const told = { revision: 5 }
  const loads: ((loaded: LoadedKey) => void)[] = []
  const verifier = createVerifier({
    fingerprint: (secret) => fingerprintOf(Number(secret.reveal())),
    pick: async ([tag]) => tag,
    load: () => new Promise<LoadedKey | null>((land) => void loads.push(land)),
    isFresh: () => true,
    expect: () => {
      const then = told.revision
      return (loaded) => (revisions.get(loaded) ?? 0) >= then
    },
    monotonicMs: () => 0,
  })
  const land = (count: number, loaded: LoadedKey, revision: number) => {
    revisions.set(loaded, revision)
    loads[count]?.(loaded)
  }
  return { verifier, told, loads, land }
}

describe('a verifier whose source may know less than memory was told', () => {
  it.each([
    ['as new as memory', 5, 1],
    ['newer', 6, 1],
    ['older', 4, 0],
  ])('keeps what is %s', async (_name, revision, kept) => {
    const { verifier, land } = aVerifierOfALate()
    const asked = verifier.verify(SECRET, anAttempt())
    land(0, aLoadedKey(1), revision)
    expect((await asked).code).toBe('VALID')
    expect(verifier.size).toBe(kept)
  })

  it('does not keep what became too old while it was loaded', async () => {
    const { verifier, told, land } = aVerifierOfALate()
    const asked = verifier.verify(SECRET, anAttempt())
    told.revision = 6
    land(0, aLoadedKey(1), 5)
    expect((await asked).code).toBe('VALID')
    expect(verifier.size).toBe(0)
  })

  it('gives whoever joins a load nothing that is older than what memory was told when he came', async () => {
    const { verifier, loads, land } = aVerifierOfALate()
    const first = verifier.verify(SECRET, anAttempt())
    const joined = verifier.verify(SECRET, anAttempt())
    expect(loads).toHaveLength(1)
    land(0, aLoadedKey(1), 4)
    expect((await first).code).toBe('VALID')
    await new Promise(setImmediate)
    expect(loads).toHaveLength(2)
    land(1, aLoadedKey(1, { isActive: false }), 5)
    expect((await joined).code).toBe('INACTIVE')
  })

  it('shares one load among all for whom it is new enough', async () => {
    const { verifier, told, loads, land } = aVerifierOfALate()
    const first = verifier.verify(SECRET, anAttempt())
    const joined = verifier.verify(SECRET, anAttempt())
    told.revision = 6
    land(0, aLoadedKey(1), 5)
    expect([(await first).code, (await joined).code]).toEqual(['VALID', 'VALID'])
    expect(loads).toHaveLength(1)
  })
})
