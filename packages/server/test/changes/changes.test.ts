/** What every change rests on, whatever it is: who is judged, whose turn it takes, and when it is answered. */
import { randomBytes } from 'node:crypto'
import { AppError } from '@latchkey/core/error'
import type { CompanyId, KeyId, UserId } from '@latchkey/core/ids'
import type { PresentedToken, Principal } from '@latchkey/core/principal'
import { nobody } from '@latchkey/core/principal'
import { describe, expect, test } from 'vitest'
import type { Change } from '../../src/changes/change.ts'
import { createChanges } from '../../src/changes/changes.ts'
import { rehearse } from '../../src/changes/rehearse.ts'
import { HOST, type Requester, requesterAsUser, requesterOnHost } from '../../src/changes/requester.ts'
import type { Engine, WriteTurn } from '../../src/storage/engine.ts'
import { createUser } from '../../src/users/create-user.ts'
import { createFakeClock } from '../fake-clock.ts'
import { useTestServer } from '../harness.ts'

const clock = createFakeClock()
const server = useTestServer({}, { clock })

/**
 * Changes of the real store, and which turns were asked for. What they revoke is to be spread by `settle`, as if other
 * servers had the store too.
 */
function aService(settle: () => Promise<void> = async () => {}) {
  const { engine, chain } = server.services
  const turns: (WriteTurn | undefined)[] = []
  const listening: Engine = {
    ...engine,
    async write(work, turn) {
      turns.push(turn)
      const { value } = await engine.write(work, turn)
      return { value, revocation: { revision: 1, epoch: 'shared' } }
    },
  }
  const { companyId } = server.admin
  return {
    ...createChanges({ engine: listening, clock, randomBytes, chain, settle }),
    turns,
    companyId,
    by: requesterOnHost(companyId),
  }
}

const nothing = async () => {}
const revoking = async () => 'done'
const settlesNever = () => Promise.reject(new AppError('unavailable', 'The others did not hear of it.'))

const usersCalled = (wanted: string) =>
  server.services.engine.read((db) =>
    db.selectFrom('users').select('id').where('name', '=', wanted).execute(),
  )

describe('the turn that a change asks for', () => {
  test.each([
    [undefined, { isUrgent: false, mayShare: true }],
    [{}, { isUrgent: false, mayShare: true }],
    [{ isRevocation: true }, { isUrgent: true, mayShare: true }],
    [{ isLong: true }, { isUrgent: false, mayShare: false }],
  ])('%j: is its company’s, %j', async (options, turn) => {
    const { change, by, companyId, turns } = aService()
    await change(by, companyId, nothing, options)
    expect(turns).toEqual([{ party: companyId, ...turn }])
  })
})

describe('a change that revokes', () => {
  test('is answered when what it revokes is in force everywhere', async () => {
    const spread = Promise.withResolvers<void>()
    const { change, by, companyId } = aService(() => spread.promise)
    let isAnswered = false
    const changed = change(by, companyId, revoking).finally(() => {
      isAnswered = true
    })
    // The next write is done: so was the one before it.
    await aService().change(by, companyId, nothing)
    expect(isAnswered).toBe(false)
    spread.resolve()
    expect(await changed).toBe('done')
  })

  test('fails where that cannot be told', async () => {
    const { change, by, companyId } = aService(settlesNever)
    await expect(change(by, companyId, revoking)).rejects.toMatchObject({ code: 'unavailable' })
  })

  test('is durable before, for whoever asks for that only and looks at the rest later', async () => {
    const { commit, by, companyId } = aService(settlesNever)
    const { value, settled } = await commit(by, companyId, revoking)
    expect(value).toBe('done')
    // Nobody has looked yet: a failure that nobody looks at would end the process.
    await new Promise((resolve) => setImmediate(resolve))
    await expect(settled).rejects.toMatchObject({ code: 'unavailable' })
  })
})

test('a company that is not there is said not to be', async () => {
  const { change } = aService()
  const companyId = 'cmp_01h455vb4pex5vsknk084sn02q' as CompanyId
  await expect(change(requesterOnHost(companyId), companyId, nothing)).rejects.toMatchObject({
    code: 'company_not_found',
    detail: 'There is no such company.',
  })
})

describe('whoever comes with a token', () => {
  const token = (expiresAtMs: number): PresentedToken => ({
    use: 'access',
    permissions: ['keys:list'],
    secretOrdinal: null,
    expiresAtMs,
    subject: null,
  })
  function holder(expiresAtMs: number): Requester {
    const { companyId, keyId } = server.admin
    const principal: Principal = {
      ...nobody(companyId),
      id: keyId as KeyId,
      homeCompanyId: companyId,
      token: token(expiresAtMs),
    }
    return { actor: HOST, principal, address: undefined, assertPermitted: () => {} }
  }

  test('changes what it asked for while the token counts, with what the token leaves', async () => {
    const { change, companyId } = aService()
    const permitted = await change(holder(clock.nowMs() + 1), companyId, async ({ principal }) => principal)
    expect(permitted.token?.permissions).toEqual(['keys:list'])
  })

  test('changes nothing when the token is over by the time of the change', async () => {
    const { change, companyId } = aService()
    let isBegun = false
    const work = async () => {
      isBegun = true
    }
    await expect(change(holder(clock.nowMs()), companyId, work)).rejects.toMatchObject({
      code: 'token_expired',
    })
    expect(isBegun).toBe(false)
  })
})

describe('a rehearsal', () => {
  test('answers what the change would answer, alone in its transaction, and nothing of it stays', async () => {
    const { change, by, companyId, turns } = aService()
    const make = (open: Change) => createUser(open, { name: 'Only rehearsed', role: 'viewer' })
    const user = await rehearse(change, by, companyId, make)
    expect(user.name).toBe('Only rehearsed')
    expect(await usersCalled('Only rehearsed')).toEqual([])
    expect(turns).toEqual([{ party: companyId, isUrgent: false, mayShare: false }])
  })

  test('fails as the change would fail', async () => {
    const { change, by, companyId } = aService()
    const fault = new AppError('unavailable', 'Not now.')
    await expect(rehearse(change, by, companyId, () => Promise.reject(fault))).rejects.toBe(fault)
  })
})

test('who acts by an invitation or a password is written down as that user', () => {
  const actor = { ...HOST, address: '192.0.2.7', requestId: 'req_1' }
  const userId = 'usr_1' as UserId
  expect(requesterAsUser(actor, 'cmp_1' as CompanyId, userId).actor).toEqual({
    type: 'user',
    id: userId,
    userId,
    address: '192.0.2.7',
    requestId: 'req_1',
  })
})
