import { expectCreated, type TestAnswer, type TestService } from '../harness.ts'

export const PASSWORD = 'correct horse battery staple'

/** For tests of what is stored and of what guessing costs, and not of who may sign in. */
export const REAL_HASHES = { passwordCost: undefined }

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** One request to the token endpoint of OAuth, with what is given and nothing else. */
export function requestToken(
  server: TestService,
  form: Readonly<Record<string, string>>,
  request: { readonly headers?: Readonly<Record<string, string>>; readonly from?: string } = {},
): Promise<TestAnswer> {
  return server.call({
    method: 'POST',
    path: '/oauth/token',
    key: null,
    text: new URLSearchParams(form).toString(),
    ...request,
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...request.headers },
  })
}

/** An access token of a key, by client credentials. */
export async function accessToken(
  server: TestService,
  { id, key }: { readonly id: string; readonly key: string },
  { scope, from }: { readonly scope?: string; readonly from?: string } = {},
): Promise<string> {
  const form = { grant_type: 'client_credentials', client_id: id, client_secret: key }
  const request = from === undefined ? {} : { from }
  const answer = await requestToken(server, { ...form, ...(scope === undefined ? {} : { scope }) }, request)
  return tokenIn(answer, answer.body?.access_token)
}

/** A short-lived token of whatever credential is given. */
export async function shortLivedToken(
  server: TestService,
  credential: string,
  permissions: readonly string[],
  from = '127.0.0.1',
): Promise<string> {
  const request = { method: 'POST', path: '/auth/token/short-lived', key: null, from } as const
  const answer = await server.call({ ...request, headers: bearer(credential), body: { permissions } })
  return tokenIn(answer, answer.body?.token)
}

/** Gives a user an email address and PASSWORD. `headers` say for which company. Answers the address. */
export async function givePassword(
  server: TestService,
  userId: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const email = `${userId}@example.com`
  await server.call({ method: 'PATCH', path: `/users/${userId}`, headers, body: { email } })
  const { token } = await expectCreated(server, { path: `/users/${userId}/invitation`, headers })
  const body = { token, password: PASSWORD }
  const answer = await server.call({ method: 'POST', path: '/auth/password', key: null, body })
  if (answer.status !== 200) throw new Error(`no password was set: ${answer.text}`)
  return email
}

/** The token of a new session. */
export async function sessionToken(server: TestService, username: string): Promise<string> {
  const body = { username, password: PASSWORD }
  const answer = await server.call({ method: 'POST', path: '/auth/token', key: null, body })
  return tokenIn(answer, answer.body?.token)
}

function tokenIn(answer: TestAnswer, token: unknown): string {
  if (answer.status === 200 && typeof token === 'string') return token
  throw new Error(`expected a token: ${answer.status} ${answer.text}`)
}
