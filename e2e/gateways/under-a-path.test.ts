/** What the page about TLS shows for a service under a path, run by the servers that it is for. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { allowInsecureRequests, ClientSecretPost, clientCredentialsGrant, discovery } from 'openid-client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freePort } from '../../packages/server/test/free-port.ts'
import { call } from '../calling.ts'
import { sectionsOf } from '../pages/page.ts'
import { createHome, type Home } from '../running.ts'
import { findProgram, type RunningProgram, startProgram } from './processes.ts'

type Ports = { readonly proxy: number; readonly latchkey: number }

type Proxy = {
  readonly name: string
  readonly program: string | undefined
  start(program: string, home: string, ports: Ports): Promise<RunningProgram>
}

let home: Home
let running: RunningProgram | undefined

beforeEach(() => {
  home = createHome()
})
afterEach(async () => {
  await running?.stop()
  running = undefined
  await home.dispose()
})

function shown(language: string): string {
  const section = sectionsOf('docs/operate/tls.md').find(({ title }) => title === 'Under a path')
  const block = section?.blocks.find((each) => each.language === language)
  if (block === undefined) throw new Error(`tls.md shows no ${language} under a path`)
  return block.text
}

const nginx: Proxy = {
  name: 'nginx',
  program: findProgram('nginx'),
  start(program, directory, { proxy, latchkey }) {
    // A worker of another user must get at its buffers.
    chmodSync(directory, 0o755)
    const buffers = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => {
      mkdirSync(join(directory, name))
      return `${name}_temp_path ${join(directory, name)};`
    })
    const upstream = `upstream latchkey { server 127.0.0.1:${latchkey}; }`
    const server = `server {\nlisten 127.0.0.1:${proxy};\n${shown('nginx')}}`
    const file = join(directory, 'nginx.conf')
    writeFileSync(
      file,
      `events {}\nhttp {\naccess_log off;\n${buffers.join('\n')}\n${upstream}\n${server}\n}\n`,
    )
    const own = `daemon off; pid ${join(directory, 'nginx.pid')};`
    return startProgram(program, ['-c', file, '-p', directory, '-e', 'stderr', '-g', own], proxy)
  },
}

const caddy: Proxy = {
  name: 'Caddy',
  program: findProgram('caddy'),
  start(program, directory, { proxy, latchkey }) {
    const text = shown('caddyfile')
      .replace('example.com', `http://127.0.0.1:${proxy}`)
      .replaceAll('127.0.0.1:7070', `127.0.0.1:${latchkey}`)
    const file = join(directory, 'Caddyfile')
    // Several run at once, and nothing of them stays.
    writeFileSync(file, `{\n\tadmin off\n}\n${text}`)
    const env = { ...process.env, HOME: directory, XDG_CONFIG_HOME: directory, XDG_DATA_HOME: directory }
    return startProgram(program, ['run', '--adapter', 'caddyfile', '--config', file], proxy, { env })
  },
}

/** Answers the URL that callers use. */
async function startUnderPath(program: string, { start }: Proxy): Promise<string> {
  const ports = { proxy: await freePort(), latchkey: await freePort() }
  const url = `http://127.0.0.1:${ports.proxy}/latchkey`
  await home.serve({
    settings: {
      PORT: String(ports.latchkey),
      LATCHKEY_PUBLIC_URL: url,
      LATCHKEY_TRUSTED_PROXIES: '127.0.0.1',
    },
  })
  running = await start(program, home.directory, ports)
  return url
}

describe.each([nginx, caddy])('behind $name, under a path,', (proxy) => {
  const { program } = proxy
  const isLeftOut = program === undefined && process.env.CI_REQUIRE_GATEWAYS !== '1'

  it.skipIf(isLeftOut)('an OAuth client that knows only the issuer gets a token', async () => {
    if (program === undefined) throw new Error(`${proxy.name} is not installed`)
    const url = await startUnderPath(program, proxy)
    const key = home.adminKey()
    const me = await call(url, { path: '/me', key })
    const { body } = await call(url, { path: '/keys', key, body: { userId: me.body.userId } })
    const client = await discovery(
      new URL(url),
      String(body.id),
      undefined,
      ClientSecretPost(String(body.key)),
      { algorithm: 'oauth2', execute: [allowInsecureRequests] },
    )
    expect(client.serverMetadata()).toMatchObject({ issuer: url, token_endpoint: `${url}/oauth/token` })
    expect(await clientCredentialsGrant(client)).toMatchObject({ token_type: 'bearer' })
  })

  it.skipIf(isLeftOut)('a body goes through that is as long as the service takes', async () => {
    if (program === undefined) throw new Error(`${proxy.name} is not installed`)
    const url = await startUnderPath(program, proxy)
    const body = { text: 'x'.repeat(4_000_000) }
    const answer = await call(url, { method: 'POST', path: '/keys/import', key: home.adminKey(), body })
    // What the service says of it, and not the proxy.
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_body'])
  })

  it.skipIf(isLeftOut)('any other path that is not the service’s stays the host’s own', async () => {
    if (program === undefined) throw new Error(`${proxy.name} is not installed`)
    const url = await startUnderPath(program, proxy)
    const root = new URL('/', url)
    for (const path of ['/readyz', '/.well-known/jwks.json', '/.well-known/oauth-authorization-server']) {
      const answer = await fetch(new URL(path, root))
      expect(answer.headers.get('x-request-id'), path).toBeNull()
    }
    expect((await fetch(`${url}/readyz`)).headers.get('x-request-id')).not.toBeNull()
  })
})
