import { describe, expect, it } from 'vitest'
import { aLoadedKey, fingerprintOf } from '../test/verifiable-key.ts'
import { compileAllowlist } from './allowlist.ts'
import type { Fingerprint } from './fingerprint.ts'
import type { CompanyId, KeyId, SessionId, UserId } from './ids.ts'
import { createKeyCache, type KeyCache } from './key-cache.ts'
import { compileAuthority } from './permission.ts'

const LIVING = { ordinal: 1, endsAtMs: null, replaces: null }

const spreadV4 = (count: number) => Array.from({ length: count }, (_, n) => `10.0.${n}.0`)
const spreadV6 = (count: number) => Array.from({ length: count }, (_, n) => `2001:db8:${n.toString(16)}::1`)

/** Which of the keys are there. Looking uses them: nothing may be expected of the cache afterwards. */
const heldOf = (cache: KeyCache, keys: readonly number[]) =>
  keys.filter((n) => cache.find(fingerprintOf(n)) !== undefined)

describe('the key cache', () => {
  it('finds a key by fingerprint and by id', () => {
    const cache = createKeyCache(10)
    const loaded = aLoadedKey(1)
    cache.publish(loaded)
    expect(cache.find(fingerprintOf(1))?.key).toBe(loaded.key)
    expect(cache.find('key_1' as KeyId)?.key).toBe(loaded.key)
  })

  it('tells keys apart whose fingerprints differ in their last bit only, and keeps the later', () => {
    const cache = createKeyCache(10)
    const likeOne = `${fingerprintOf(1).slice(0, -1)}/` as Fingerprint
    cache.publish(aLoadedKey(1))
    expect(cache.find(likeOne)).toBeUndefined()
    cache.publish({ secrets: [{ tag: likeOne, ...LIVING }], key: aLoadedKey(2).key })
    expect(cache.find(likeOne)?.key.id).toBe('key_2')
    expect(cache.find(fingerprintOf(1))).toBeUndefined()
    expect(cache.find('key_1' as KeyId)).toBeUndefined()
    expect(cache.size).toBe(1)
    cache.drop({ scope: 'key', id: 'key_2' as KeyId })
    expect(cache.find(likeOne)).toBeUndefined()
  })

  it('finds a key by each of its secrets, and loses all of them at once', () => {
    const cache = createKeyCache(10)
    const { key } = aLoadedKey(1)
    const secrets = [1, 2].map((n) => ({ tag: fingerprintOf(n), ...LIVING, endsAtMs: n }))
    cache.publish({ secrets, key })
    expect([1, 2].map((n) => cache.find(fingerprintOf(n))?.key)).toEqual([key, key])
    expect(cache.size).toBe(1)
    // The key is published anew with one secret: the other is none of its any more.
    cache.publish({ secrets: secrets.slice(1), key })
    expect(heldOf(cache, [1, 2])).toEqual([2])
    cache.publish({ secrets, key })
    cache.drop({ scope: 'key', id: key.id as KeyId })
    expect(heldOf(cache, [1, 2])).toEqual([])
  })

  it('does not find a key by a secret that it has no more, whatever else was published of it', () => {
    const cache = createKeyCache(10)
    const { key } = aLoadedKey(1)
    for (const n of [1, 2, 3]) {
      cache.publish({ secrets: [{ tag: fingerprintOf(n), ...LIVING }], key })
      expect(heldOf(cache, [1, 2, 3])).toEqual([n])
    }
    expect(cache.size).toBe(1)
  })

  it('keeps all that is known of a secret', () => {
    const cache = createKeyCache(10)
    const { key } = aLoadedKey(1)
    const secret = {
      tag: fingerprintOf(1),
      ordinal: 2,
      endsAtMs: 5,
      isOver: true,
      replaces: fingerprintOf(2),
    } as const
    cache.publish({ secrets: [secret], key })
    expect(cache.find(fingerprintOf(1))?.secret).toMatchObject(secret)
    expect(cache.find(key.id as KeyId, 2)?.secret).toMatchObject(secret)
  })

  it('counts its room rightly when the secrets of a key have one number, and finds the later', () => {
    const cache = createKeyCache(2)
    const likeOne = `${fingerprintOf(1).slice(0, -1)}/` as Fingerprint
    const secrets = [fingerprintOf(1), likeOne].map((tag) => ({ tag, ...LIVING }))
    for (let n = 0; n < 5; n++) cache.publish({ secrets, key: aLoadedKey(1).key })
    expect(heldOf(cache, [1])).toEqual([])
    expect(cache.find(likeOne)?.secret?.tag).toBe(likeOne)
    for (let n = 2; n < 10; n++) cache.publish(aLoadedKey(n))
    expect(cache.size).toBe(2)
  })

  it.each([
    ['its first secret', (cache: KeyCache) => cache.find(fingerprintOf(1))],
    ['its other secret', (cache: KeyCache) => cache.find(fingerprintOf(2))],
    ['its id', (cache: KeyCache) => cache.find(aLoadedKey(1).key.id)],
    ['nothing', () => undefined],
  ])('keeps a key that was asked for by %s when room is made', (by, ask) => {
    const cache = createKeyCache(2)
    const secrets = [1, 2].map((n) => ({ tag: fingerprintOf(n), ...LIVING }))
    cache.publish({ secrets, key: aLoadedKey(1).key })
    cache.publish(aLoadedKey(3))
    ask(cache)
    cache.publish(aLoadedKey(4))
    expect(heldOf(cache, [1, 2])).toEqual(by === 'nothing' ? [] : [1, 2])
    // Once: then it goes in its turn.
    cache.publish(aLoadedKey(5))
    cache.publish(aLoadedKey(6))
    expect(heldOf(cache, [1, 2])).toEqual([])
  })

  it('never holds more than its bound, whatever is published', () => {
    const cache = createKeyCache(100)
    for (let n = 0; n < 10_000; n++) {
      cache.publish(aLoadedKey(n))
      expect(cache.size).toBeLessThanOrEqual(100)
    }
    expect(cache.size).toBe(100)
  })

  it('keeps as many as it may hold, asked for in turn', () => {
    const cache = createKeyCache(100)
    for (let n = 0; n < 100; n++) cache.publish(aLoadedKey(n))
    for (let turn = 0; turn < 500; turn++) expect(cache.find(fingerprintOf(turn % 100))).toBeDefined()
  })

  it('lets the one that came first go, when none was used', () => {
    const cache = createKeyCache(3)
    for (let n = 0; n < 5; n++) cache.publish(aLoadedKey(n))
    expect([0, 1, 2, 3, 4].map((n) => cache.find(fingerprintOf(n)) !== undefined)).toEqual([
      false,
      false,
      true,
      true,
      true,
    ])
  })

  it('holds fewer keys when they have long lists of addresses or much metadata', () => {
    const wide = Array.from({ length: 500 }, (_, n) => `2001:db8:${n.toString(16)}::/49`)
    for (const long of [{ allowlist: compileAllowlist(wide) }, { metadata: { notes: 'x'.repeat(8_000) } }]) {
      const cache = createKeyCache(100)
      for (let n = 0; n < 300; n++) cache.publish(aLoadedKey(n, long))
      expect(cache.size).toBeGreaterThan(0)
      expect(cache.size).toBeLessThan(20)
      for (let n = 300; n < 500; n++) cache.publish(aLoadedKey(n))
      expect(cache.size).toBe(100)
    }
  })

  it.each([
    ['no metadata', {}, 4],
    ['512 characters, 1 KB', { metadata: { x: 'y'.repeat(511) } }, 2],
    ['511 characters', { metadata: { x: 'y'.repeat(510) } }, 4],
    ['the name counting as well', { metadata: { ['x'.repeat(512)]: '' } }, 2],
    ['all of them together', { metadata: { a: 'y'.repeat(255), b: 'y'.repeat(255) } }, 2],
    ['1,536 characters, 3 KB', { metadata: { x: 'y'.repeat(1_535) } }, 1],
    ['64 ranges of IPv4, 1 KB', { allowlist: compileAllowlist(spreadV4(64)) }, 2],
    ['63 ranges of IPv4', { allowlist: compileAllowlist(spreadV4(63)) }, 4],
    ['16 ranges of IPv6, 1 KB', { allowlist: compileAllowlist(spreadV6(16)) }, 2],
    ['15 ranges of IPv6', { allowlist: compileAllowlist(spreadV6(15)) }, 4],
  ])('a key takes a place, and one more for each KB: %s', (_name, changes, kept) => {
    const cache = createKeyCache(4)
    for (let n = 0; n < 10; n++) cache.publish(aLoadedKey(n, changes))
    expect(cache.size).toBe(kept)
  })

  it('keeps a key that is too large for it alone, until another comes', () => {
    const cache = createKeyCache(2)
    cache.publish(aLoadedKey(1))
    cache.publish(aLoadedKey(2, { metadata: { x: 'y'.repeat(9_000) } }))
    expect(cache.size).toBe(1)
    cache.publish(aLoadedKey(3))
    cache.publish(aLoadedKey(4))
    expect(heldOf(cache, [1, 2, 3, 4])).toEqual([3, 4])
  })

  it.each([
    [3, [1, 2, 3]],
    [4, [1, 3, 4]],
    [5, [1, 4, 5]],
    [6, [4, 5, 6]],
    [7, [5, 6, 7]],
  ])('passes over a key once for having been used, and not again: %i', (last, held) => {
    const cache = createKeyCache(3)
    for (const n of [1, 2, 3]) cache.publish(aLoadedKey(n))
    cache.find(fingerprintOf(1))
    for (let n = 4; n <= last; n++) cache.publish(aLoadedKey(n))
    expect(heldOf(cache, [1, 2, 3, 4, 5, 6, 7])).toEqual(held)
  })

  it('gives a key that is published again no second room', () => {
    const cache = createKeyCache(3)
    for (let n = 0; n < 10; n++) cache.publish(aLoadedKey(1))
    for (const n of [2, 3]) cache.publish(aLoadedKey(n))
    expect(heldOf(cache, [1, 2, 3])).toEqual([1, 2, 3])
  })

  it('has all its room again when it has forgotten everything, and can make some', () => {
    const cache = createKeyCache(3)
    for (let n = 0; n < 7; n++) cache.publish(aLoadedKey(n))
    cache.clear()
    expect(cache.size).toBe(0)
    expect(cache.find(fingerprintOf(6))).toBeUndefined()
    for (let n = 10; n < 13; n++) cache.publish(aLoadedKey(n))
    expect(cache.size).toBe(3)
    cache.publish(aLoadedKey(13))
    expect(heldOf(cache, [10, 11, 12, 13])).toEqual([11, 12, 13])
  })

  it('keeps a key that is used while others come and go', () => {
    const cache = createKeyCache(100)
    cache.publish(aLoadedKey(0))
    for (let n = 1; n < 5_000; n++) {
      cache.publish(aLoadedKey(n))
      expect(cache.find(fingerprintOf(0))).toBeDefined()
    }
  })

  it.each([
    ['its key', { scope: 'key', id: 'key_1' as KeyId }],
    ['its user', { scope: 'user', id: 'usr_1' as UserId }],
    ['its company', { scope: 'company', id: 'cmp_1' as CompanyId }],
  ] as const)('forgets a key, under both names, when %s is revoked', (_name, revoked) => {
    for (const others of [0, 60]) {
      const cache = createKeyCache(100)
      cache.publish(aLoadedKey(1))
      const elsewhere = { userId: 'usr_2' as UserId, companyId: 'cmp_2' as CompanyId }
      for (let n = 2; n < 2 + others; n++) cache.publish(aLoadedKey(n, elsewhere))
      cache.drop(revoked)
      expect(cache.find(fingerprintOf(1))).toBeUndefined()
      expect(cache.find('key_1' as KeyId)).toBeUndefined()
      if (others > 0) expect(cache.find(fingerprintOf(2))).toBeDefined()
    }
  })

  it('forgets all that is named together, and looks at each key once for that', () => {
    const cache = createKeyCache(100)
    let looks = 0
    for (let n = 0; n < 10; n++) {
      const { secrets, key } = aLoadedKey(n, { companyId: `cmp_${n}` as CompanyId })
      const userId = `usr_${n}` as UserId
      const seen = Object.defineProperty({ ...key }, 'userId', {
        get() {
          looks += 1
          return userId
        },
      })
      cache.publish({ secrets, key: seen })
    }
    const users = [1, 2, 3, 3].map((n) => ({ scope: 'user', id: `usr_${n}` as UserId }) as const)
    const others = [
      { scope: 'key', id: 'key_4' as KeyId },
      { scope: 'company', id: 'cmp_5' as CompanyId },
    ] as const
    cache.drop(...users, ...others)
    expect(looks).toBe(9)
    expect(heldOf(cache, [0, 1, 2, 3, 4, 5, 6])).toEqual([0, 6])
    expect(cache.size).toBe(5)
  })

  it('forgets a session when it is ended', () => {
    const cache = createKeyCache(10)
    const id = 'ses_1' as SessionId
    cache.publish({ secrets: [], key: aLoadedKey(1, { id }).key })
    expect(cache.find(id)).toBeDefined()
    cache.drop({ scope: 'session', id })
    expect(cache.find(id)).toBeUndefined()
  })

  it('never answers an older copy after a newer one was published', () => {
    const cache = createKeyCache(4)
    cache.publish(aLoadedKey(1, { isActive: true }))
    cache.publish(aLoadedKey(2))
    cache.publish(aLoadedKey(3))
    cache.publish(aLoadedKey(1, { isActive: false }))
    for (let n = 4; n < 10; n++) {
      cache.publish(aLoadedKey(n))
      expect(cache.find(fingerprintOf(1))?.key.isActive ?? false).toBe(false)
    }
  })

  describe('counts what permissions take', () => {
    const lists = (n: number) =>
      Array.from(
        { length: 100 },
        (_, index) => `${`area${n}`.padEnd(60, 'x')}:${String(index).padEnd(64, 'y')}`,
      )
    const authority = (n: number) =>
      compileAuthority({ role: 'developer', isOperator: false, userPermissions: lists(n), narrowings: [] })

    it('of keys that have each their own: 30 KB and more for 100 of the longest', () => {
      const cache = createKeyCache(1_000)
      for (let n = 0; n < 200; n++) cache.publish(aLoadedKey(n, { authority: authority(n) }))
      expect(cache.size).toBeGreaterThan(15)
      expect(cache.size).toBeLessThanOrEqual(32)
    })

    it('of keys that share them, once', () => {
      const cache = createKeyCache(150)
      for (let n = 0; n < 100; n++) cache.publish(aLoadedKey(n, { authority: authority(1) }))
      expect(cache.size).toBe(100)
    })

    it('and a few, or the usual ones of a role, fit into what a key takes anyway', () => {
      const cache = createKeyCache(100)
      for (let n = 0; n < 100; n++) {
        const few = compileAuthority({
          role: 'developer',
          isOperator: false,
          userPermissions: [`orders${n}:read`],
          narrowings: [],
        })
        cache.publish(aLoadedKey(n, { authority: few }))
      }
      expect(cache.size).toBe(100)
    })

    it('until the last that shares them is gone', () => {
      const cache = createKeyCache(60)
      for (let n = 0; n < 10; n++) cache.publish(aLoadedKey(n, { authority: authority(1) }))
      for (let n = 0; n < 10; n++) cache.drop({ scope: 'key', id: `key_${n}` as KeyId })
      for (let n = 10; n < 70; n++) cache.publish(aLoadedKey(n))
      expect(cache.size).toBe(60)
    })

    it.each([
      ['for the first time', () => {}],
      [
        'again, after it was dropped',
        (cache: KeyCache) => {
          cache.publish(aLoadedKey(1, { authority: authority(1) }))
          cache.drop({ scope: 'key', id: 'key_1' as KeyId })
        },
      ],
      [
        'again, after everything was forgotten',
        (cache: KeyCache) => {
          cache.publish(aLoadedKey(1, { authority: authority(1) }))
          cache.clear()
        },
      ],
    ])('and has others go for them, when a key comes with them %s', (_, before) => {
      const cache = createKeyCache(60)
      before(cache)
      for (let n = 10; n < 70; n++) cache.publish(aLoadedKey(n))
      cache.publish(aLoadedKey(1, { authority: authority(1) }))
      expect(cache.size).toBeGreaterThan(1)
      expect(cache.size).toBeLessThan(35)
    })

    it('and nothing is counted after everything was forgotten', () => {
      const cache = createKeyCache(60)
      cache.publish(aLoadedKey(1, { authority: authority(1) }))
      cache.clear()
      for (let n = 10; n < 70; n++) cache.publish(aLoadedKey(n))
      expect(cache.size).toBe(60)
    })
  })
})
