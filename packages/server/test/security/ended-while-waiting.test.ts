/** Who waits for the row of a company, and is not by then whom the store vouched for, changes nothing there. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CompanyId } from '@latchkey/core/ids'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Change } from '../../src/changes/change.ts'
import { requesterOnHost } from '../../src/changes/requester.ts'
import { createUser } from '../../src/users/create-user.ts'
import { deleteUser } from '../../src/users/delete-user.ts'
import { updateUser } from '../../src/users/update-user.ts'
import {
  createTestCompany,
  expectCreated,
  type Parsed,
  startTestServer,
  type TestAnswer,
  type TestCompany,
  type TestService,
} from '../harness.ts'
import { holdCompanyRow } from '../held-rows.ts'
import { bearer, givePassword, sessionToken, shortLivedToken } from '../tokens/issued-token.ts'
import { createIssuerKey, type RemoteIssuer, startRemoteIssuer } from '../tokens/remote-issuer.ts'

const ISSUER = 'https://login.example.com/'
const AUDIENCE = 'https://keys.example.com'
const signer = createIssuerKey('one')

let directory: string
let remote: RemoteIssuer
let server: TestService

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'latchkey-ended-'))
  remote = await startRemoteIssuer()
  remote.publish([signer.jwk])
  const [caFile, file] = [join(directory, 'ca.pem'), join(directory, 'issuers.json')]
  writeFileSync(caFile, remote.ca)
  const entry = {
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ['ES256'],
    jwksUrl: remote.url,
    companies: ['*'],
    company: { claim: 'org', by: 'externalId' },
    user: { claim: 'sub', by: 'externalId' },
    caFile,
  }
  writeFileSync(file, JSON.stringify([entry]))
  server = await startTestServer({
    LATCHKEY_ISSUERS_FILE: file,
    LATCHKEY_FAILED_AUTH_PER_MINUTE: '100000',
  })
})
afterAll(async () => {
  await server.dispose()
  await remote.close()
  rmSync(directory, { recursive: true })
})

type Credential = Readonly<Record<string, string>>
type Ask = readonly [method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: object]

/** By the operator's own key, in whichever company. */
const asOperator = ([method, path, body]: Ask, companyId: string) =>
  server.call({
    method,
    path,
    headers: { 'x-company-id': companyId },
    ...(body === undefined ? {} : { body }),
  })

/** What a change of `companyId` is answered that was asked for after `end`, when both of them waited for `heldId`. */
async function answerAfter(
  end: () => Promise<TestAnswer | undefined>,
  credential: Credential,
  { companyId, heldId = companyId }: { readonly companyId: string; readonly heldId?: string },
): Promise<{ readonly answer: TestAnswer; readonly created: readonly Parsed[] }> {
  const held = await holdCompanyRow(server, heldId)
  const ended = end()
  await held.untilWaiting(1)
  const body = { name: 'Grace', role: 'viewer' }
  const answered = server.call({ method: 'POST', path: '/users', key: null, headers: credential, body })
  await held.untilWaiting(2)
  await held.release()
  const done = await ended
  expect(done?.status ?? 200, done?.text).toBeLessThan(300)
  const answer = await answered
  const users = await server.call({ path: '/users?limit=100', headers: { 'x-company-id': companyId } })
  return { answer, created: users.body.data.filter(({ name }: Parsed) => name === body.name) }
}

const REFUSED = {
  'nothing vouches for it': [401, 'invalid_credentials'],
  'it may not any more': [403, 'missing_permission'],
  'its user was deactivated': [401, 'user_inactive'],
  'its company was deactivated': [401, 'company_inactive'],
  'its session has ended': [401, 'token_expired'],
  'its key was deleted': [401, 'key_inactive'],
} as const
type Refusal = keyof typeof REFUSED

let companies = 0

/** A company of a host application, whose admin comes with a token of the host application. */
async function outsideScene() {
  const org = `org-${++companies}`
  const { id } = await expectCreated(server, { path: '/companies', body: { name: org, externalId: org } })
  const user = await expectCreated(server, {
    path: '/users',
    headers: { 'x-company-id': id },
    body: { name: 'Ada', role: 'admin', externalId: 'auth|ada' },
  })
  const iat = Math.floor(Date.now() / 1_000)
  const claims = { iss: ISSUER, aud: AUDIENCE, sub: 'auth|ada', org, iat, exp: iat + 600 }
  return { companyId: id as string, userId: user.id as string, token: await signer.sign(claims) }
}

type OutsideScene = Awaited<ReturnType<typeof outsideScene>>

describe('a user who comes with an outside token', () => {
  const ofUser = (body: object) => (scene: OutsideScene) =>
    asOperator(['PATCH', `/users/${scene.userId}`, body], scene.companyId)
  const ofCompany = (body: object) => (scene: OutsideScene) =>
    asOperator(['PATCH', `/companies/${scene.companyId}`, body], server.admin.companyId)
  const inOneChange = async ({ companyId }: OutsideScene, work: (change: Change) => Promise<unknown>) => {
    const id = companyId as CompanyId
    await server.services.change(requesterOnHost(id), id, work, { isRevocation: true })
    return undefined
  }
  /** As the operation does it, once it has stored where keys were used from. */
  const deleted = (scene: OutsideScene) =>
    inOneChange(scene, (change) => deleteUser(change, scene.userId, undefined))
  const followed = (scene: OutsideScene) =>
    inOneChange(scene, async (change) => {
      await updateUser(change, scene.userId, { externalId: null })
      await createUser(change, { name: 'Bob', role: 'admin', externalId: 'auth|ada' })
    })

  test.each<readonly [string, (scene: OutsideScene) => Promise<TestAnswer | undefined>, Refusal]>([
    ['is unlinked', ofUser({ externalId: null }), 'nothing vouches for it'],
    ['is not the one that is named', followed, 'nothing vouches for it'],
    ['is deleted', deleted, 'nothing vouches for it'],
    ['is deactivated', ofUser({ status: 'inactive' }), 'its user was deactivated'],
    ['is demoted', ofUser({ role: 'viewer' }), 'it may not any more'],
    ['has a company that is unlinked', ofCompany({ externalId: null }), 'nothing vouches for it'],
    ['has a company that is stopped', ofCompany({ status: 'inactive' }), 'its company was deactivated'],
  ])('changes nothing when it %s meanwhile', async (_what, end, refusal) => {
    const scene = await outsideScene()
    const { answer, created } = await answerAfter(() => end(scene), bearer(scene.token), scene)
    expect([answer.status, answer.body.code]).toEqual(REFUSED[refusal])
    expect(created).toEqual([])
  })

  test('changes nothing with a token that was made of it, when it is unlinked meanwhile', async () => {
    const scene = await outsideScene()
    const token = await shortLivedToken(server, scene.token, ['users:*'])
    const unlinked = () => ofUser({ externalId: null })(scene)
    const { answer, created } = await answerAfter(unlinked, bearer(token), scene)
    expect([answer.status, answer.body.code]).toEqual(REFUSED['nothing vouches for it'])
    expect(created).toEqual([])
  })

  test('changes what it asked for when it is still whom the token names', async () => {
    const scene = await outsideScene()
    const renamed = () => ofUser({ name: 'Ada King' })(scene)
    const { answer, created } = await answerAfter(renamed, bearer(scene.token), scene)
    expect(answer.status, answer.text).toBe(201)
    expect(created).toHaveLength(1)
  })
})

describe('a session, and a token made of it', () => {
  type Scene = { readonly company: TestCompany; readonly session: string }

  const CREDENTIALS: Readonly<Record<string, (session: string) => Promise<string>>> = {
    'the session': async (session) => session,
    'a token of it': (session) => shortLivedToken(server, session, ['users:*']),
  }
  const ENDINGS: Readonly<Record<string, readonly [(scene: Scene) => Promise<TestAnswer>, Refusal]>> = {
    'it is ended': [
      ({ session }) =>
        server.call({ method: 'DELETE', path: '/auth/token', key: null, headers: bearer(session) }),
      'its session has ended',
    ],
    'its user is deactivated': [
      ({ company: { id, users } }) =>
        asOperator(['PATCH', `/users/${users.admin.id}`, { status: 'inactive' }], id),
      'its user was deactivated',
    ],
    'its user is demoted': [
      ({ company: { id, users } }) =>
        asOperator(['PATCH', `/users/${users.admin.id}`, { role: 'viewer' }], id),
      'it may not any more',
    ],
    'its company is stopped': [
      ({ company: { id } }) =>
        asOperator(['PATCH', `/companies/${id}`, { status: 'inactive' }], server.admin.companyId),
      'its company was deactivated',
    ],
  }

  test.each(
    Object.keys(CREDENTIALS).flatMap((what) => Object.keys(ENDINGS).map((ending) => [what, ending] as const)),
  )('%s changes nothing when %s meanwhile', async (what, ending) => {
    const company = await createTestCompany(server)
    const email = await givePassword(server, company.users.admin.id, { 'x-company-id': company.id })
    const session = await sessionToken(server, email)
    const credential = bearer(await CREDENTIALS[what]!(session))
    const [end, refusal] = ENDINGS[ending]!
    const ended = () => end({ company, session })
    const { answer, created } = await answerAfter(ended, credential, { companyId: company.id })
    expect([answer.status, answer.body.code]).toEqual(REFUSED[refusal])
    expect(created).toEqual([])
  })
})

describe('an operator who acts for another company', () => {
  type Own = { readonly userId: string; readonly keyId: string }

  async function ownOperator() {
    const { companyId } = server.admin
    const user = await expectCreated(server, { path: '/users', body: { name: 'Ops', role: 'owner' } })
    const key = await expectCreated(server, { path: '/keys', body: { userId: user.id } })
    return { homeId: companyId, userId: user.id as string, keyId: key.id as string, key: key.key as string }
  }

  // What ends it happens in the operator's company: of that company, and not of the other one, is the row it waits for.
  test.each<readonly [string, (own: Own) => Ask, Refusal]>([
    ['its key is deleted', ({ keyId }) => ['DELETE', `/keys/${keyId}`], 'its key was deleted'],
    [
      'its key is narrowed',
      ({ keyId }) => ['PATCH', `/keys/${keyId}`, { permissions: ['keys:*'] }],
      'it may not any more',
    ],
    [
      'its user is deactivated',
      ({ userId }) => ['PATCH', `/users/${userId}`, { status: 'inactive' }],
      'its user was deactivated',
    ],
    [
      'its user is demoted',
      ({ userId }) => ['PATCH', `/users/${userId}`, { role: 'admin' }],
      'it may not any more',
    ],
  ])('changes nothing there when %s meanwhile', async (_what, askOf, refusal) => {
    const company = await createTestCompany(server)
    const { homeId, key, ...own } = await ownOperator()
    const credential = { 'x-api-key': key, 'x-company-id': company.id }
    const { answer, created } = await answerAfter(() => asOperator(askOf(own), homeId), credential, {
      companyId: company.id,
      heldId: homeId,
    })
    expect([answer.status, answer.body.code]).toEqual(REFUSED[refusal])
    expect(created).toEqual([])
  })

  test('changes what it asked for there when nothing of it has changed', async () => {
    const company = await createTestCompany(server)
    const { homeId, key, userId } = await ownOperator()
    const renamed = () => asOperator(['PATCH', `/users/${userId}`, { name: 'Night' }], homeId)
    const credential = { 'x-api-key': key, 'x-company-id': company.id }
    const { answer, created } = await answerAfter(renamed, credential, {
      companyId: company.id,
      heldId: homeId,
    })
    expect(answer.status, answer.text).toBe(201)
    expect(created).toHaveLength(1)
  })
})
