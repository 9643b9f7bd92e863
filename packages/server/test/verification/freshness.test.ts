import { AppError } from '@latchkey/core/error'
import type { RevocationScope } from '@latchkey/core/revocation-scope'
import { describe, expect, test } from 'vitest'
import type { AskedChanges, Changes } from '../../src/storage/engine.ts'
import { createRevocations } from '../../src/verification/freshness/revocations.ts'
import { createFakeStore } from './fake-store.ts'

/** A process on an embedded store, what it forgot, and from which revision on it asked. */
function aProcess() {
  const store: { answer: Changes | undefined | Error; isAccepted: boolean } = {
    answer: { revision: 3, epoch: 'one', rows: [] },
    isAccepted: true,
  }
  const asked: number[] = []
  const claims: boolean[] = []
  const forgotten: string[] = []
  const changes: AskedChanges = {
    kind: 'asked',
    changesSince(revision) {
      asked.push(revision)
      if (store.answer instanceof Error) throw store.answer
      return store.answer
    },
    claim: (isAlone) => void claims.push(isAlone),
    settleMs: 0,
    isAccepted: () => store.isAccepted,
    followed: createFakeStore().followed,
  }
  const revocations = createRevocations(
    { changes },
    {
      memory: {
        drop: (...revoked: readonly RevocationScope[]) =>
          void forgotten.push(...revoked.map(({ scope, id }) => `${scope} ${id}`)),
        clear: () => void forgotten.push('everything'),
      },
      newId: () => 'an id',
      onPoll: () => {},
      onRowKept: () => {},
    },
  )
  return { store, asked, claims, forgotten, revocations }
}

/** The same, at revision 3 of the epoch 'one'. */
function aFreshProcess() {
  const given = aProcess()
  given.revocations.isFresh()
  given.asked.length = 0
  given.forgotten.length = 0
  return given
}

const row = (revision: number, id: string, scope: RevocationScope['scope'] = 'key') => ({
  revision,
  scope,
  object_id: id,
})

describe('on an embedded store, memory', () => {
  test('forgets everything at the first look', () => {
    const { revocations, asked, forgotten } = aProcess()
    expect(revocations.isFresh()).toBe(true)
    expect(asked).toEqual([-1])
    expect(forgotten).toEqual(['everything'])
  })

  test('forgets nothing when nothing changed', () => {
    const { revocations, store, asked, forgotten } = aFreshProcess()
    store.answer = undefined
    expect(revocations.isFresh()).toBe(true)
    expect(asked).toEqual([3])
    expect(forgotten).toEqual([])
  })

  test('forgets what the log names, and asks from there on', () => {
    const { revocations, store, asked, forgotten } = aFreshProcess()
    store.answer = {
      revision: 5,
      epoch: 'one',
      rows: [row(4, 'usr_1', 'user'), row(5, 'ses_1', 'session')],
    }
    expect(revocations.isFresh()).toBe(true)
    store.answer = { revision: 6, epoch: 'one', rows: [row(6, 'cmp_1', 'company')] }
    expect(revocations.isFresh()).toBe(true)
    expect(asked).toEqual([3, 5])
    expect(forgotten).toEqual(['user usr_1', 'session ses_1', 'company cmp_1'])
  })

  test.each([
    ['a row is missing at the end', 'one', [4]],
    ['a row is missing at the beginning', 'one', [5]],
    ['a row stands twice', 'one', [4, 4]],
    ['rows are out of order', 'one', [5, 4]],
    ['there are more rows', 'one', [4, 5, 6]],
    ['the epoch is another', 'two', [4, 5]],
  ])('forgets everything when %s', (_name, epoch, revisions) => {
    const { revocations, store, asked, forgotten } = aFreshProcess()
    store.answer = { revision: 5, epoch, rows: revisions.map((revision) => row(revision, 'key_1')) }
    expect(revocations.isFresh()).toBe(true)
    expect(forgotten).toEqual(['everything'])
    store.answer = undefined
    revocations.isFresh()
    expect(asked).toEqual([3, 5])
  })

  test('answers nothing while the store does not answer: cannot_verify, never a stale yes', () => {
    const { revocations, store } = aFreshProcess()
    store.answer = new Error('disk I/O error')
    const refusal = thrownBy(() => revocations.isFresh())
    expect(refusal).toBeInstanceOf(AppError)
    expect(refusal).toMatchObject({ code: 'cannot_verify', retryAfterSeconds: 1, cause: store.answer })
  })
})

describe('a process on an embedded store', () => {
  test.each([true, false])(
    'claims to be alone when it starts to serve, or one of several: %s',
    async (isAlone) => {
      const { revocations, claims } = aProcess()
      expect(claims).toEqual([])
      await revocations.start({ isAlone })
      expect(claims).toEqual([isAlone])
      await revocations.stop()
    },
  )

  test('tells when its store was restored and not accepted', () => {
    const { revocations, store } = aProcess()
    expect(revocations.refused).toBeUndefined()
    store.isAccepted = false
    expect(revocations.refused).toEqual({ known: 0, found: 0 })
    expect(revocations.applied).toBeUndefined()
  })

  test('takes any head: there is no other', () => {
    const { revocations } = aProcess()
    expect(revocations.expect()({ revision: 0, epoch: 'any', isAccepted: true })).toBe(true)
  })
})

function thrownBy(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  return undefined
}
