import {
  allowInsecureRequests,
  ClientSecretBasic,
  ClientSecretPost,
  clientCredentialsGrant,
  discovery,
  fetchProtectedResource,
} from 'openid-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../packages/server/test/free-port.ts'
import { type Answer, call } from './calling.ts'
import { createHome, type Home } from './running.ts'

/** A client nobody wrote for us, against a service that really runs. */
let home: Home
let url: string
let key: { readonly id: string; readonly key: string }

beforeAll(async () => {
  home = createHome()
  // The issuer's name has the port in it, so it has to be known before the start.
  const PORT = String(await freePort())
  await home.serve({ settings: { PORT } })
  url = `http://localhost:${PORT}`
  const me = await call(url, { path: '/me', key: home.adminKey() })
  const body = { userId: me.body.userId, permissions: ['keys:list', 'keys:read', 'orders:*'] }
  key = keyIn(await call(url, { path: '/keys', key: home.adminKey(), body }))
})
afterAll(() => home.dispose())

function keyIn({ status, body }: Answer): { readonly id: string; readonly key: string } {
  expect(status).toBe(201)
  return { id: String(body.id), key: String(body.key) }
}

const discover = (secret = key.key, authenticate = ClientSecretPost) =>
  discovery(new URL(url), key.id, undefined, authenticate(secret), {
    algorithm: 'oauth2',
    execute: [allowInsecureRequests],
  })

describe('an OAuth client', () => {
  it.each(['localhost', '127.0.0.1'])('discovers the service under the name it asks: %s', async (name) => {
    const asked = url.replace('localhost', name)
    const { issuer } = (
      await discovery(new URL(asked), key.id, undefined, ClientSecretPost(key.key), {
        algorithm: 'oauth2',
        execute: [allowInsecureRequests],
      })
    ).serverMetadata()
    expect(issuer).toBe(asked)
  })

  it('discovers the service', async () => {
    expect((await discover()).serverMetadata()).toMatchObject({
      issuer: url,
      token_endpoint: `${url}/oauth/token`,
      jwks_uri: `${url}/.well-known/jwks.json`,
    })
  })

  it.each([
    ['Basic', ClientSecretBasic],
    ['the body', ClientSecretPost],
  ])('gets a token with its secret in %s, and uses it', async (_, authenticate) => {
    const client = await discover(key.key, authenticate)
    const tokens = await clientCredentialsGrant(client)
    expect(tokens).toMatchObject({ token_type: 'bearer', expires_in: 300 })
    expect(tokens.scope).toBe('keys:list keys:read orders:*')
    const answer = await fetchProtectedResource(client, tokens.access_token, new URL(`${url}/me`), 'GET')
    expect(await answer.json()).toMatchObject({ credential: { type: 'key', id: key.id, isToken: true } })
  })

  it('gets a token for less', async () => {
    const client = await discover()
    const { access_token: token } = await clientCredentialsGrant(client, { scope: 'keys:read' })
    const status = async (path: string) => {
      const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } })
      return response.status
    }
    expect([await status(`/keys/${key.id}`), await status('/keys')]).toEqual([200, 403])
  })

  it('is told what it did wrong', async () => {
    const refusal = async (attempt: Promise<unknown>) =>
      attempt.then(
        () => undefined,
        (error) => error,
      )
    const client = await discover()
    expect(await refusal(clientCredentialsGrant(client, { scope: 'keys:delete' }))).toMatchObject({
      error: 'invalid_scope',
      status: 400,
    })
    const wrong = await discover(home.adminKey())
    expect(await refusal(clientCredentialsGrant(wrong))).toMatchObject({ status: 401 })
  })

  it('has a dead token the moment its key is deleted', async () => {
    const client = await discover()
    const { access_token: token } = await clientCredentialsGrant(client)
    const me = () => fetch(`${url}/me`, { headers: { authorization: `Bearer ${token}` } })
    expect((await me()).status).toBe(200)
    await call(url, { method: 'DELETE', path: `/keys/${key.id}`, key: home.adminKey() })
    const refused = await me()
    expect({ status: refused.status, code: ((await refused.json()) as { code: string }).code }).toEqual({
      status: 401,
      code: 'key_inactive',
    })
  })
})
