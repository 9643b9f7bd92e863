/** What a request declares and asks for is read as the media types it is, and not as texts that must match. */
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { expectProblem } from '../../answer-checks.ts'
import { ask, type TestAnswer, useTestServer } from '../../harness.ts'

const server = useTestServer({ LATCHKEY_FAILED_AUTH_PER_MINUTE: '100000' })

describe('Accept', () => {
  const asking = (accept: string | string[]): Promise<TestAnswer> =>
    server.call({ path: '/me', headers: { accept } })

  test.each([
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    'application/json; charset=iso-8859-1',
    'application/json;odata=verbose',
    'application/json; version=1; q=0.8',
    'application/json;',
    'Application/JSON',
    'application/problem+json',
    'application/*+json',
    'application/*;q=0.2',
    'text/html, application/json;q=0.1',
    'text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2',
    '*',
    '*/*;q=0.001',
    'application/json, */*;q=0',
    'application/json;q=high',
    'text/*;q=0.3, text/html;level="1,2", application/json',
    '',
    ',',
    ' , ',
  ])('%j leaves room for JSON', async (accept) => {
    expect((await asking(accept)).status).toBe(200)
  })

  test('of several lines is one list', async () => {
    expect((await asking(['text/html', 'application/json; charset=utf-8'])).status).toBe(200)
    expectProblem(await asking(['text/html', 'text/plain']), 'not_acceptable')
  })

  test.each([
    'text/html',
    'text/html; charset=utf-8',
    'application/json;q=0',
    'application/json; charset=utf-8; q=0',
    'application/json;q=0.0, text/html',
    'application/json;q=0, application/*',
    'application/json;q=0, */*',
    'application/*;q=0, */*',
    '*/*;q=0',
    'text/html; note="application/json"',
    'application/jsonp',
    'application/xml',
    'json',
  ])('%j excludes it', async (accept) => {
    const { detail } = expectProblem(await asking(accept), 'not_acceptable')
    expect(detail).toContain('add application/json')
  })
})

describe('Content-Type of a body', () => {
  const body = () => JSON.stringify({ userId: server.admin.userId })
  const declared = (type: string | string[], more: Record<string, string> = {}): Promise<TestAnswer> =>
    server.call({ method: 'POST', path: '/keys', text: body(), headers: { 'content-type': type, ...more } })

  test.each([
    'application/json; charset=utf8',
    'application/json; charset=UTF8',
    'application/json; charset="utf-8"',
    "application/json; charset='utf-8'",
    'application/json;charset=us-ascii',
    'application/json; charset=ANSI_X3.4-1968',
    'application/json; charset=unicode-1-1-utf-8',
    'application/json; charset=',
    'application/json;',
    'application/json ; ',
    'application/json;;',
    'application/json;odata=verbose',
    'application/json;odata.metadata=none;charset=utf-8',
    'application/json; version=1',
    'APPLICATION/JSON\t; Charset=utf-8',
  ])('%j is JSON', async (type) => {
    expect((await declared(type)).status).toBe(201)
  })

  test.each([
    ['application/json; charset=latin1', 'application/json in latin1, and it is UTF-8 always'],
    ['application/json; charset=utf-16', 'application/json in utf-16'],
    ['application/json; charset=utf-8; charset=', ''],
    ['application/jsonp', 'got application/jsonp'],
    ['application/x-www-form-urlencoded', 'got application/x-www-form-urlencoded'],
    ['text/json', 'got text/json'],
    ['application/vnd.api+json', 'got application/vnd.api+json'],
    ['application/json, text/plain', 'names no media type'],
    ['lk_live_0123456789', 'names no media type'],
    ['json', 'names no media type'],
  ])('%j is told as it is', async (type, words) => {
    const answer = await declared(type)
    // The first of a parameter that comes twice counts, as everywhere.
    if (words === '') expect(answer.status).toBe(201)
    else expect(expectProblem(answer, 'unsupported_media_type').detail).toContain(words)
  })

  test('sent twice is refused: two readers could follow another', async () => {
    const problem = { code: 'duplicate_parameter', header: 'Content-Type' } as const
    expectProblem(await declared(['application/json', 'text/plain']), problem)
  })

  test.each(['gzip', 'GZIP', 'deflate', 'br', 'identity, gzip', 'zstd', 'x-lk'])(
    'a body packed as %s is refused by that name',
    async (coding) => {
      const answer = await ask(server.app, {
        method: 'POST',
        url: '/keys',
        headers: {
          'x-api-key': server.adminKey,
          'content-type': 'application/json',
          'content-encoding': coding,
        },
        payload: gzipSync(body()),
      })
      expect(answer.json()).toMatchObject({ status: 415, code: 'unsupported_media_type' })
      expect(answer.json().detail).toContain(`(${coding.toLowerCase().replace('identity, ', '')})`)
    },
  )

  test.each(['identity', '', 'Identity'])('%j says that nothing is packed', async (coding) => {
    expect((await declared('application/json', { 'content-encoding': coding })).status).toBe(201)
  })
})

describe('the form of a token request', () => {
  const form = () =>
    new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: server.admin.keyId,
      client_secret: server.adminKey,
    }).toString()
  const sent = (type: string, text = form()): Promise<TestAnswer> =>
    server.call({ method: 'POST', path: '/oauth/token', key: null, text, headers: { 'content-type': type } })
  const FORM = 'application/x-www-form-urlencoded'

  test.each(['ISO-8859-1', 'utf8', '"UTF-8"', 'us-ascii', 'windows-1252', ''])(
    'of ASCII bytes is one, in %j too',
    async (charset) => {
      expect((await sent(`${FORM}; charset=${charset}`)).status).toBe(200)
    },
  )

  test.each([
    ['application/json', 'got application/json'],
    ['multipart/form-data; boundary=x', 'got multipart/form-data'],
    ['text/plain', 'got text/plain'],
    ['', 'names no media type'],
  ])('declared as %j is none', async (type, words) => {
    const answer = await sent(type)
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    expect(answer.body.error_description).toContain(words)
  })

  test('of other bytes must be UTF-8, and be declared so', async () => {
    const latin1 = await sent(`${FORM}; charset=ISO-8859-1`, `${form()}&note=é`)
    expect(latin1).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    const broken = await sent(FORM, `${form()}&note=%E9`)
    expect(broken).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    expect(broken.body.error_description).toContain('UTF-8')
    expect((await sent(FORM, `${form()}&note=%C3%A9`)).status).toBe(200)
  })

  test('that is packed is told so, and is no wrong client', async () => {
    const headers = { 'content-type': FORM, 'content-encoding': 'gzip' }
    const answer = await server.call({
      method: 'POST',
      path: '/oauth/token',
      key: null,
      text: form(),
      headers,
    })
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    expect(answer.body.error_description).toContain('gzip')
  })
})

describe('a probe', () => {
  test.each(['/healthz', '/readyz'])('%s answers whatever is asked', async (path) => {
    const asks = ['', '?verbose', '?exclude=etcd&exclude=log', '?%ff', '?a=%00', '?unknown=1']
    for (const query of asks) {
      for (const accept of ['text/html', 'text/plain', 'application/json;q=0', 'x']) {
        const answer = await server.call({ path: `${path}${query}`, key: null, headers: { accept } })
        expect(answer).toMatchObject({ status: 200, body: { status: path === '/healthz' ? 'ok' : 'ready' } })
      }
      expect((await server.call({ method: 'HEAD', path: `${path}${query}`, key: null })).status).toBe(200)
    }
  })

  test('is the only operation that does', async () => {
    expectProblem(await server.call({ path: '/me?verbose' }), 'unknown_parameter')
    expectProblem(await server.call({ path: '/me', headers: { accept: 'text/html' } }), 'not_acceptable')
  })
})
