/**
 * Nothing that a revoked credential asked for happens after its revocation was answered. It writes as fast as it can
 * over eight connections, bodies held back among them, while it is revoked; the audit trail says what came when.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type Answer, call } from '../calling.ts'
import { createHome, type Home } from '../running.ts'
import { createFleet, type Fleet } from './fleet.ts'
import { type Credential, startWriter } from './writer.ts'

/** Revocations of each kind on each deployment; more by the environment. */
const EACH = Number(process.env.REVOCATIONS ?? 2)
const WRITERS = 8
/** Whose bodies are held back. */
const HELD = 3
const WARM_MS = 60
/** Before a search that was refused is asked for again. */
const SEARCH_AGAIN_MS = 50
const TEST_MS_MAX = 120_000 + EACH * 30_000
const PASSWORD = 'correct horse battery staple'

/** A deployment under test: where the writers ask, and where it is revoked. */
type Deployment = {
  readonly writeAt: readonly string[]
  readonly revokeAt: string
  readonly key: string
}

/** Somebody who may make keys, and the ways to stop it. */
type Subject = { readonly userId: string; readonly actorId: string; readonly credential: Credential }

type Kind = {
  readonly of: 'key' | 'session'
  readonly revoke: (ask: Ask, subject: Subject) => Promise<Answer>
  /** The event of the revocation, and the object it names. */
  readonly event: (subject: Subject) => { readonly action: string; readonly objectId: string }
}

type Ask = (method: string, path: string, body?: unknown, bearer?: Credential) => Promise<Answer>

const onKey = (method: string, body?: object): Pick<Kind, 'of' | 'revoke' | 'event'> => ({
  of: 'key',
  revoke: (ask, { actorId }) => ask(method, `/keys/${actorId}`, body),
  event: ({ actorId }) => ({
    action: method === 'DELETE' ? 'key.deleted' : 'key.updated',
    objectId: actorId,
  }),
})
const onUser = (of: 'key' | 'session', body: object): Kind => ({
  of,
  revoke: (ask, { userId }) => ask('PATCH', `/users/${userId}`, body),
  event: ({ userId }) => ({ action: 'user.updated', objectId: userId }),
})

const KINDS: Readonly<Record<string, Kind>> = {
  'a key that is deleted': onKey('DELETE'),
  'a key that is disabled': onKey('PATCH', { enabled: false }),
  'a key that is narrowed': onKey('PATCH', { permissions: ['keys:list'] }),
  'a key that is restricted': onKey('PATCH', { whitelistedIPs: ['192.0.2.1'] }),
  'a key whose user is deactivated': onUser('key', { status: 'inactive' }),
  'a key whose user is demoted': onUser('key', { role: 'viewer' }),
  'a session whose user is deactivated': onUser('session', { status: 'inactive' }),
  'a session that is ended': {
    of: 'session',
    revoke: (ask, { credential }) => ask('DELETE', '/auth/token', undefined, credential),
    event: ({ actorId }) => ({ action: 'session.ended', objectId: actorId }),
  },
}

function proof(name: string, deploymentOf: () => Deployment, together: number): void {
  describe(`nothing is done afterwards ${name}, by`, () => {
    it.each(Object.entries(KINDS))('%s', { timeout: TEST_MS_MAX }, async (_kind, kind) => {
      const deployment = deploymentOf()
      let made = 0
      for (let done = 0; done < EACH; done += together) {
        const count = Math.min(together, EACH - done)
        const results = await Promise.all(Array.from({ length: count }, () => revokeOnce(deployment, kind)))
        for (const result of results) made += result
      }
      // Otherwise nothing would have been tried.
      expect(made).toBeGreaterThan(0)
    })
  })
}

/** Answers how many keys were made before it. */
async function revokeOnce({ writeAt, revokeAt, key }: Deployment, kind: Kind): Promise<number> {
  const ask: Ask = (method, path, body, credential) =>
    call(revokeAt, {
      method,
      path,
      body,
      key,
      ...(credential === undefined ? {} : { bearer: tokenOf(credential) }),
    })
  const subject = await newSubject(ask, kind.of)
  const writers = Array.from({ length: WRITERS }, (_, index) =>
    startWriter(
      writeAt[index % writeAt.length]!,
      subject.credential,
      { userId: subject.userId, permissions: ['keys:list'] },
      index < HELD,
    ),
  )
  await sleep(WARM_MS)
  // On a loaded machine the first change may take longer than that.
  while (writers.every(({ made }) => made() === 0)) await sleep(SEARCH_AGAIN_MS)
  const answer = await kind.revoke(ask, subject)
  expect(answer.status).toBeLessThan(300)
  await sleep(WARM_MS)
  await Promise.all(writers.map(({ stop }) => stop()))
  const { action, objectId } = kind.event(subject)
  const newest = async (query: string) => {
    for (;;) {
      const { status, body } = await ask('GET', `/audit?limit=1&${query}`)
      if (status === 200) return (body.data as { id: string; action: string }[])[0]
      // Of a long trail: a company has one long search at a time, and several look at it together here.
      expect({ status, code: body.code }).toEqual({ status: 503, code: 'unavailable' })
      await sleep(SEARCH_AGAIN_MS)
    }
  }
  const revocation = await newest(`action=${action}&objectId=${objectId}`)
  const last = await newest(`actorId=${subject.actorId}&action=key.created`)
  // Ids are given under the row of the company, each greater than the last: their order is that of the commits.
  if (last !== undefined) expect(last.id < revocation!.id, `${last.id} after ${revocation!.id}`).toBe(true)
  return writers.reduce((sum, { made }) => sum + made(), 0)
}

const tokenOf = ({ authorization = '' }: Credential) => authorization.replace('Bearer ', '')

let users = 0

async function newSubject(ask: Ask, of: 'key' | 'session'): Promise<Subject> {
  users += 1
  const email = `subject-${users}@example.com`
  const user = await ask('POST', '/users', { name: 'Subject', role: 'admin', email })
  const userId = String(user.body.id)
  if (of === 'key') {
    const { body } = await ask('POST', '/keys', { userId })
    return { userId, actorId: String(body.id), credential: { 'x-api-key': String(body.key) } }
  }
  const invitation = await ask('POST', `/users/${userId}/invitation`)
  await ask('POST', '/auth/password', { token: invitation.body.token, password: PASSWORD })
  const signedIn = await ask('POST', '/auth/token', { username: email, password: PASSWORD })
  const credential = { authorization: `Bearer ${signedIn.body.token}` }
  const me = await ask('GET', '/me', undefined, credential)
  return { userId, actorId: (me.body.credential as { id: string }).id, credential }
}

describe.each([
  ['on one process', {}],
  ['on workers', { LATCHKEY_WORKERS: '2' }],
] as const)('SQLite', (name, settings) => {
  let home: Home
  let deployment: Deployment

  beforeAll(async () => {
    home = createHome()
    const { url } = await home.serve({ settings: { LATCHKEY_LOG_LEVEL: 'error', ...settings } })
    deployment = { writeAt: [url], revokeAt: url, key: home.adminKey() }
  })
  afterAll(() => home.dispose())

  proof(name, () => deployment, 1)
})

describe('PostgreSQL', () => {
  let fleet: Fleet
  let deployment: Deployment

  beforeAll(async () => {
    fleet = await createFleet({ url: inject('databaseServer')! }, 3)
    const [first, second, frozen] = fleet.servers
    deployment = { writeAt: [first!.url, second!.url], revokeAt: first!.url, key: fleet.key }
    frozen!.freeze()
  })
  afterAll(async () => {
    for (const server of fleet.servers) server.thaw()
    await fleet.dispose()
  })

  // Each waits for the lease of the frozen one: several do so together.
  proof('on three servers with one frozen', () => deployment, 4)
})
