import { expect, test } from 'vitest'
import { registerConsolePages } from '../../src/http/console/pages.ts'
import { createRouter } from '../../src/http/router.ts'
import type { Answer } from '../../src/http/wire/answer.ts'
import type { Incoming } from '../../src/http/wire/incoming.ts'

const file = (text: string, isHashed = false) => ({
  type: 'text/javascript',
  body: Buffer.from(text),
  packed: Buffer.from(`packed ${text}`),
  isHashed,
})
const FILES = new Map([
  ['index.html', { ...file('<script src="./scheme.js"></script><a href="./x">'), type: 'text/html' }],
  ['scheme.js', file('scheme')],
  ['assets/index-abc.js', file('script', true)],
])

function ask(path: string, { basePath = '', files = FILES, gzip = '' } = {}): Answer {
  const router = createRouter(1_000)
  registerConsolePages(router, basePath, files)
  const found = router.find('GET', path)
  if (found === undefined) throw new Error(`no route for ${path}`)
  const raw = { rawHeaders: gzip === '' ? [] : ['Accept-Encoding', gzip], headers: {} }
  return found.route.answer({ raw, params: found.params } as unknown as Incoming) as Answer
}

test.each([
  '/console',
  '/console/',
  '/console/keys',
  '/console/keys/key_1',
  '/console//evil.example.com',
  '/console/index.html',
])('%s is the page, never kept, never framed, and runs nothing that is not a file of the service', (path) => {
  const { status, headers, body } = ask(path)
  expect(status).toBe(200)
  expect(headers['content-security-policy']).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
      "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  )
  expect(headers).toMatchObject({ 'x-frame-options': 'DENY', 'cross-origin-opener-policy': 'same-origin' })
  // What every answer has, no-store, stays.
  expect(headers['cache-control']).toBeUndefined()
  expect(headers.location).toBeUndefined()
  expect(String(body)).toContain('src="/console/scheme.js"')
})

test('behind a proxy with a path the page asks under that path', () => {
  expect(String(ask('/console/keys', { basePath: '/latchkey' }).body)).toContain(
    '"/latchkey/console/scheme.js"',
  )
})

test('what has its digest in its name is kept for a year, and the rest is asked for again', () => {
  expect(ask('/console/assets/index-abc.js').headers['cache-control']).toContain('immutable')
  expect(ask('/console/scheme.js').headers['cache-control']).toBe('no-cache')
})

test.each([
  ['gzip', 'packed script'],
  ['br;q=1, gzip;q=0.5', 'packed script'],
  ['', 'script'],
  ['gzip;q=0', 'script'],
  ['br', 'script'],
])('for Accept-Encoding %j a script comes as %j', (gzip, expected) => {
  const { body, headers } = ask('/console/assets/index-abc.js', { gzip })
  expect(String(body)).toBe(expected)
  expect(headers['content-encoding']).toBe(expected.startsWith('packed') ? 'gzip' : undefined)
})

test.each([
  '/console/assets/index-old.js',
  '/console/assets/../../../server.secret',
  '/console/assets/%2e%2e/x',
])('%s is no file, and no page either', (path) => {
  expect(() => ask(path)).toThrow('no such file')
})

test('a console that is not built says how it is', () => {
  expect(() => ask('/console', { files: new Map() })).toThrow('npm ci')
})
