/** Key sets of outside issuers are fetched through HTTPS_PROXY, but for the hosts of NO_PROXY. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { expectProblem } from '../answer-checks.ts'
import { expectCreated, startTestServer } from '../harness.ts'
import { bearer } from './issued-token.ts'
import { createIssuerKey, type RemoteIssuer, startRemoteIssuer } from './remote-issuer.ts'

const key = createIssuerKey('one')
/** What the proxy was asked to connect to, and with which credentials. */
const asked: { readonly to: string; readonly by: string | undefined }[] = []
/** RFC 9110 §9.3.6, and no more of it. */
const proxy = createServer((_, response) => response.writeHead(405).end())
proxy.on('connect', (request, client, head) => {
  asked.push({ to: request.url ?? '', by: request.headers['proxy-authorization'] })
  const port = Number(request.url?.split(':')[1])
  const target = connect(port, '127.0.0.1', () => {
    client.write('HTTP/1.1 200 OK\r\n\r\n')
    target.write(head)
    target.pipe(client).pipe(target)
  })
  for (const [socket, other] of [
    [client, target],
    [target, client],
  ] as const) {
    socket.on('error', () => other.destroy())
    socket.on('close', () => other.destroy())
  }
})

let directory: string
let remote: RemoteIssuer
let file: string
let proxyAddress: string

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'latchkey-issuers-'))
  remote = await startRemoteIssuer()
  remote.publish([key.jwk])
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  proxyAddress = `127.0.0.1:${(proxy.address() as AddressInfo).port}`
  const caFile = join(directory, 'ca.pem')
  writeFileSync(caFile, remote.ca)
  file = join(directory, 'issuers.json')
  const entry = {
    issuer: 'https://login.example.com',
    audience: 'here',
    algorithms: ['ES256'],
    jwksUrl: remote.url,
    companies: ['acme'],
    user: { claim: 'sub' },
    caFile,
  }
  writeFileSync(file, JSON.stringify([entry]))
})
beforeEach(() => {
  asked.length = 0
})
afterAll(async () => {
  await remote.close()
  await new Promise((resolve) => proxy.close(resolve))
  rmSync(directory, { recursive: true })
})

/** How a service with these settings answers a good token. */
async function ask(environment: Readonly<Record<string, string>>) {
  const server = await startTestServer({ LATCHKEY_ISSUERS_FILE: file, ...environment })
  const { id } = await expectCreated(server, {
    path: '/companies',
    body: { name: 'Acme', externalId: 'acme' },
  })
  const body = { name: 'Ada', role: 'viewer', externalId: 'ada' }
  await expectCreated(server, { path: '/users', headers: { 'x-company-id': id }, body })
  const iat = Math.floor(Date.now() / 1_000)
  const claims = { iss: 'https://login.example.com', aud: 'here', sub: 'ada', iat, exp: iat + 600 }
  const answer = await server.call({ path: '/me', key: null, headers: bearer(await key.sign(claims)) })
  await server.dispose()
  return { answer, log: server.logged.join('\n') }
}
const target = () => new URL(remote.url).host

describe('the key set is fetched', () => {
  test.each<readonly [string, () => Record<string, string>]>([
    ['HTTPS_PROXY', () => ({ HTTPS_PROXY: `http://${proxyAddress}` })],
    ['https_proxy', () => ({ https_proxy: `http://${proxyAddress}` })],
    [
      'https_proxy before the other',
      () => ({ HTTPS_PROXY: 'http://192.0.2.1:1', https_proxy: `http://${proxyAddress}` }),
    ],
    ['an address without a scheme', () => ({ HTTPS_PROXY: proxyAddress })],
    [
      'NO_PROXY of others',
      () => ({ HTTPS_PROXY: `http://${proxyAddress}`, NO_PROXY: 'example.com,.internal' }),
    ],
  ])('through the proxy: %s', async (_, environment) => {
    expect((await ask(environment())).answer.status).toBe(200)
    expect(asked).toEqual([{ to: target(), by: undefined }])
  })

  test('with the proxy’s name and password, which are in no log', async () => {
    const { answer, log } = await ask({ HTTPS_PROXY: `http://me:s3cret%2F@${proxyAddress}` })
    expect(answer.status).toBe(200)
    expect(asked[0]?.by).toBe(`Basic ${Buffer.from('me:s3cret/').toString('base64')}`)
    expect(log).not.toContain('s3cret')
  })

  test.each<readonly [string, () => Record<string, string>]>([
    ['no proxy', () => ({})],
    ['an empty proxy', () => ({ HTTPS_PROXY: '' })],
    [
      'its host in NO_PROXY',
      () => ({ HTTPS_PROXY: `http://${proxyAddress}`, NO_PROXY: 'example.com,localhost' }),
    ],
    ['its host in no_proxy', () => ({ HTTPS_PROXY: `http://${proxyAddress}`, no_proxy: 'localhost' })],
    ['every host in NO_PROXY', () => ({ HTTPS_PROXY: `http://${proxyAddress}`, NO_PROXY: '*' })],
    ['a proxy for HTTP only', () => ({ HTTP_PROXY: `http://${proxyAddress}` })],
  ])('directly: %s', async (_, environment) => {
    expect((await ask(environment())).answer.status).toBe(200)
    expect(asked).toEqual([])
  })

  test('not at all when the proxy is not there: 503, and the log says what failed, without its password', async () => {
    const { answer, log } = await ask({ HTTPS_PROXY: 'http://me:s3cret@127.0.0.1:1' })
    expectProblem(answer, 'cannot_verify')
    expect(log).toContain('the key set cannot be had: ')
    expect(log).not.toContain('s3cret')
  })
})

describe('a proxy’s address that cannot be one', () => {
  const bad = ['socks5://proxy:1080', 'http://me:s3cret@pro xy:3128', 'http://', 'proxy:s3cret:3128:x']
  test.each(bad)('%s stops a start with outside issuers, in one sentence without the address', (text) => {
    const start = () => readConfig({ LATCHKEY_ISSUERS_FILE: file, HTTPS_PROXY: text })
    expect(start).toThrow(
      'HTTPS_PROXY (or https_proxy) must be the address of an HTTP proxy, such as http://proxy.internal:3128',
    )
    expect(start).not.toThrow('s3cret')
  })

  test('the one that is quoted is named, of two names', () => {
    const quoted = {
      LATCHKEY_ISSUERS_FILE: file,
      HTTPS_PROXY: 'http://proxy:1',
      https_proxy: '"http://proxy:3128"',
    }
    expect(() => readConfig(quoted)).toThrow('https_proxy has quotes around it')
  })

  test('a blank name leaves it to the other', () => {
    const environment = { LATCHKEY_ISSUERS_FILE: file, HTTPS_PROXY: 'http://proxy:3128', https_proxy: ' ' }
    expect(readConfig(environment).secretSource.httpsProxy).toBe('http://proxy:3128')
  })

  test.each([...bad, '"http://proxy:3128"'])('%s stops no other: it is there for other programs', (text) => {
    expect(() => readConfig({ HTTPS_PROXY: text })).not.toThrow()
  })
})
