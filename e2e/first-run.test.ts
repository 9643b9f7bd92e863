import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import { call } from './calling.ts'
import { blocksOf } from './pages/page.ts'
import { atTerminal, createHome, type Home } from './running.ts'

const run = promisify(execFile)

const SECRET = /lk_live_[0-9A-Za-z]{49}/

let home: Home

beforeEach(() => {
  home = createHome()
})

afterEach(() => home.dispose())

const modeOf = (file: string) => (statSync(file).mode & 0o777).toString(8)

/** Runs a printed line in a shell, as somebody would who copies it. */
async function inShell(line: string): Promise<Record<string, unknown>> {
  const { stdout } = await run('sh', ['-c', line])
  return JSON.parse(stdout) as Record<string, unknown>
}

async function bootstrapped() {
  const { exitCode, stdout, stderr } = await home.run(['bootstrap', '--json'])
  if (exitCode !== 0) throw new Error(stderr)
  return JSON.parse(stdout) as { companyId: string; userId: string; keyId: string; key: string }
}

/** Other first starts have other secrets, and are elsewhere. */
const bannerOf = (text: string) =>
  text
    .slice(text.indexOf('Admin key'))
    .replaceAll('\r', '')
    .replaceAll(/(lk_live_|set_)[\w…-]+/g, '$1')
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1')
    .replace(/Data {5}\S+/, 'Data')

describe('the first start', () => {
  it('without a terminal prints no key: it is in admin.key, and the printed line works', async () => {
    const service = await home.serve()
    const [, line = ''] = await service.printed(/Try +(curl .*)/)
    expect(await inShell(line)).toMatchObject({ status: 200, total: 1 })
    const file = join(home.dataDir, 'admin.key')
    expect(readFileSync(file, 'utf8')).toMatch(new RegExp(`^${SECRET.source}\n$`))
    expect(service.stdout() + service.stderr()).not.toContain(home.adminKey())
    expect(modeOf(home.dataDir)).toBe('700')
    expect(readdirSync(home.dataDir).map((name) => [name, modeOf(join(home.dataDir, name))])).toEqual([
      ['admin.key', '600'],
      ['console.link', '600'],
      ['latchkey.db', '600'],
      ['latchkey.db-shm', '600'],
      ['latchkey.db-wal', '600'],
      ['server.secret', '600'],
    ])
  })

  it('at a terminal prints the key once, the printed line works, and Ctrl-C ends it in order', async () => {
    const service = await home.serve({ wrap: atTerminal })
    const [, line = ''] = await service.printed(/Try +(curl .*?)\r?\n/)
    expect(line).toMatch(SECRET)
    for (const page of ['README.md', 'docs/use/first-key.md']) {
      const shown = blocksOf(page).find(({ language }) => language === '')
      expect(bannerOf(service.stdout())).toBe(bannerOf(shown!.text))
    }
    expect(await inShell(line)).toMatchObject({ status: 200, total: 1 })
    expect(readdirSync(home.dataDir)).not.toContain('admin.key')
    service.child.stdin?.write('\u0003')
    const { exitCode, stdout } = await service.ended
    expect(exitCode).toBe(0)
    expect(stdout).toContain('Everything acknowledged is stored.')

    // No line of a request comes after the key, or between the two.
    expect(stdout).not.toContain('"event"')

    const second = await home.serve({ wrap: atTerminal, settings: { LATCHKEY_LOG_LEVEL: 'info' } })
    expect(second.stdout()).not.toMatch(SECRET)
    expect(await inShell(line.replaceAll(service.url, second.url))).toMatchObject({ status: 200, total: 1 })
    await second.printed(/"event":"request"/)
  })

  it('writes the key where LATCHKEY_BOOTSTRAP_KEY_FILE says, for its owner only', async () => {
    const file = join(home.directory, "the operator's key")
    const service = await home.serve({ settings: { LATCHKEY_BOOTSTRAP_KEY_FILE: file } })
    expect(readFileSync(file, 'utf8')).toMatch(new RegExp(`^${SECRET.source}\n$`))
    expect(modeOf(file)).toBe('600')
    expect(readdirSync(home.dataDir)).not.toContain('admin.key')
    const [, line = ''] = await service.printed(/Try +(curl .*)/)
    expect(await inShell(line)).toMatchObject({ status: 200, total: 1 })
  })

  it('makes no key that it cannot deliver', async () => {
    const settings = { LATCHKEY_BOOTSTRAP_KEY_FILE: join(home.directory, 'missing', 'key') }
    const { exitCode, stderr } = await home.start(['serve'], { settings }).ended
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/^latchkey: The admin key cannot be written to .*\n$/)
    expect((await bootstrapped()).key).toMatch(SECRET)
  })
})

describe('the banner', () => {
  it('shows the own address beside the public one, and the line to try goes to the own', async () => {
    const settings = { LATCHKEY_PUBLIC_URL: 'https://keys.example.com/latchkey' }
    const service = home.start(['serve'], { settings })
    const [, own = ''] = await service.printed(/Here +(http:\/\/127\.0\.0\.1:\d+) /)
    const [, line = ''] = await service.printed(/Try +(curl .*)/)
    expect(service.stdout()).toContain('  API      https://keys.example.com/latchkey\n')
    expect(line).toContain(own)
    expect(await inShell(line)).toMatchObject({ status: 200, total: 1 })
  })

  it('shows one address when there is one', async () => {
    expect((await home.serve()).stdout()).not.toContain('  Here')
  })
})

describe('a restart', () => {
  it('prints no key and keeps everything: the first key, a restriction, a deletion', async () => {
    const first = await home.serve()
    const key = home.adminKey()
    const { body: me } = await call(first.url, { path: '/me', key })
    const create = async (body: object) => {
      const answer = await call(first.url, { path: '/keys', key, body: { userId: me.userId, ...body } })
      expect(answer.status).toBe(201)
      return answer.body as { id: string; key: string }
    }
    const open = await create({})
    const restricted = await create({ whitelistedIPs: ['192.0.2.0/24'] })
    const deleted = await create({})
    const deletion = { method: 'DELETE', path: `/keys/${deleted.id}`, key }
    expect((await call(first.url, deletion)).status).toBe(204)

    async function expectAll(url: string): Promise<void> {
      const use = (secret: string) => call(url, { path: `/me`, key: secret })
      expect(await use(key)).toMatchObject({ status: 200 })
      expect(await use(open.key)).toMatchObject({ status: 200 })
      const refused = await use(restricted.key)
      expect(refused).toMatchObject({ status: 403, body: { code: 'ip_not_allowed' } })
      expect(refused.body.detail).toContain('127.0.0.1')
      expect(await use(deleted.key)).toMatchObject({ status: 401, body: { code: 'key_inactive' } })
      const shown = await call(url, { path: `/keys/${deleted.id}`, key })
      expect(shown.body).toMatchObject({ status: 'inactive', statusReason: 'deleted' })
    }
    await expectAll(first.url)
    expect((await first.stop()).exitCode).toBe(0)

    const second = await home.serve()
    expect(second.stdout() + second.stderr()).not.toMatch(SECRET)
    expect(second.stdout()).not.toContain('curl')
    await expectAll(second.url)
  })
})

describe('a stop', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    'on %s answers what is under way, then ends with 0',
    async (signal) => {
      const service = await home.serve()
      const key = home.adminKey()
      const { body: me } = await call(service.url, { path: '/me', key })
      const body = JSON.stringify({ userId: me.userId })
      const socket = connect(Number(new URL(service.url).port), '127.0.0.1')
      // A 100 Continue shows that the service waits for the body: the request is under way, and stays so.
      socket.write(
        `POST /keys HTTP/1.1\r\nHost: x\r\nX-API-KEY: ${key}\r\nContent-Type: application/json\r\n` +
          `Content-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`,
      )
      const first = await new Promise<string>((resolve) =>
        socket.once('data', (data) => resolve(String(data))),
      )
      expect(first).toMatch(/^HTTP\/1\.1 100 /)
      service.child.kill(signal)
      await service.printed(/"event":"stopping"/)
      socket.end(body)
      const answer = await text(socket)
      expect(answer).toMatch(/^HTTP\/1\.1 201 /)
      const { exitCode, stdout } = await service.ended
      expect(exitCode).toBe(0)
      expect(stdout).toContain('Everything acknowledged is stored.')

      const made = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as { key: string }
      const second = await home.serve()
      expect((await call(second.url, { path: '/me', key: made.key })).status).toBe(200)
    },
  )
})

describe.each([
  ['one process', {}],
  ['two', { LATCHKEY_WORKERS: '2' }],
])('Ctrl-C, with %s,', (_name, settings) => {
  /** A request that waits for its body, so that an orderly stop waits for it. */
  async function begin(url: string, key: string) {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.on('error', () => {})
    socket.write(
      `POST /verify HTTP/1.1\r\nHost: x\r\nX-API-KEY: ${key}\r\nContent-Type: application/json\r\n` +
        'Content-Length: 13\r\nExpect: 100-continue\r\n\r\n',
    )
    await new Promise((resolve) => socket.once('data', resolve))
    return socket
  }

  it('that arrives twice, from the terminal and from whoever passes it on, is one', async () => {
    const service = await home.serve({ settings })
    const socket = await begin(service.url, home.adminKey())
    service.child.kill('SIGINT')
    service.child.kill('SIGTERM')
    await service.printed(/"event":"stopping"/)
    service.child.kill('SIGINT')
    socket.end('{"key":"one"}')
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 /)
    const { exitCode, stdout } = await service.ended
    expect(exitCode).toBe(0)
    expect(stdout).toContain('Everything acknowledged is stored.')
  })

  it('says what the end waits for', async () => {
    const service = await home.serve({ settings })
    const socket = await begin(service.url, home.adminKey())
    service.child.kill('SIGINT')
    await service.printed(/^Stopping: what is under way is answered first\. Ctrl-C ends it at once\.$/m)
    socket.end('{"key":"one"}')
    expect((await service.ended).exitCode).toBe(0)
  })

  it('pressed again does not wait for what is under way', async () => {
    const service = await home.serve({ settings })
    const socket = await begin(service.url, home.adminKey())
    const pressing = setInterval(() => service.child.kill('SIGINT'), 50)
    const { exitCode } = await service.ended
    clearInterval(pressing)
    expect(exitCode).toBe(130)
    socket.destroy()
  })
})

describe('latchkey bootstrap', () => {
  it('prints the key once, as JSON for scripts; a second run fails and says how to make another', async () => {
    const { key, keyId, userId, companyId } = await bootstrapped()
    const second = await home.run(['bootstrap', '--json'])
    expect(second).toMatchObject({ exitCode: 1, stdout: '' })
    expect(second.stderr).toMatch(/^latchkey: this store is in use already, .*latchkey keys create.*\n$/)
    const service = await home.serve()
    expect(service.stdout()).not.toContain('curl')
    const me = await call(service.url, { path: '/me', key })
    expect(me.body).toMatchObject({ userId, companyId })
    expect(JSON.stringify(me.body)).toContain(keyId)
  })

  it('run by several at once makes one company and one key', async () => {
    for (let round = 0; round < 2; round++) {
      rmSync(home.dataDir, { recursive: true, force: true })
      const runs = await Promise.all([1, 2, 3].map(() => home.run(['bootstrap', '--json'])))
      const refused = runs.filter(({ exitCode }) => exitCode !== 0)
      for (const { exitCode, stdout, stderr } of refused) {
        expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
        expect(stderr).toMatch(/^latchkey: this store is in use already/)
      }
      expect(refused).toHaveLength(2)
    }
    const { stdout } = await home.run(['audit', 'verify'])
    expect(stdout).toBe('1 company, 3 events: every chain holds.\n')
  })
})

describe('two first starts at once', () => {
  it('make one company and one key, which is in admin.key', async () => {
    const [one, other] = await Promise.all([home.serve(), home.serve()])
    for (const { url } of [one, other]) {
      for (const path of ['/keys', '/companies']) {
        expect((await call(url, { path, key: home.adminKey() })).body).toMatchObject({ total: 1 })
      }
    }
  })
})

describe('latchkey keys create', () => {
  it('makes a working key for a lost one, restricted if asked, while the service runs', async () => {
    const { userId } = await bootstrapped()
    const { url } = await home.serve()
    const [made, restricted] = await Promise.all([
      home.run(['keys', 'create', '--user', userId]),
      home.run(['keys', 'create', '--user', userId, '--ip', '192.0.2.7', '--json']),
    ])
    expect(made.exitCode).toBe(0)
    expect(made.stdout).toMatch(new RegExp(`^${SECRET.source}\n$`))
    expect((await call(url, { path: '/me', key: made.stdout.trim() })).status).toBe(200)
    const { key, id } = JSON.parse(restricted.stdout) as { key: string; id: string }
    expect((await call(url, { path: '/me', key })).status).toBe(403)
    const events = await call(url, { path: '/audit?limit=100', key: made.stdout.trim() })
    const ofKey = (events.body.data as { subjectId?: string }[]).filter((event) =>
      JSON.stringify(event).includes(id),
    )
    expect(JSON.stringify(ofKey)).toContain('host')
  })

  it('lists the users when none is named, and refuses an unknown one and a bad address', async () => {
    const { userId } = await bootstrapped()
    const [unnamed, unknown, badAddress] = await Promise.all([
      home.run(['keys', 'create']),
      home.run(['keys', 'create', '--user', 'nobody@example.com']),
      home.run(['keys', 'create', '--user', userId, '--ip', '10.0.0.1/33']),
    ])
    expect(unnamed).toMatchObject({ exitCode: 2, stdout: '' })
    expect(unnamed.stderr).toContain(userId)
    expect(unknown).toMatchObject({ exitCode: 1, stdout: '' })
    expect(unknown.stderr).toMatch(/^latchkey: No user has the id or email nobody@example\.com.*\n$/)
    expect(badAddress).toMatchObject({ exitCode: 1, stdout: '' })
    expect(badAddress.stderr).toMatch(/^latchkey: --ip .*\n$/)
  })
})

describe('latchkey keys delete', () => {
  it('ends a key that is in use before it says so, for good, and is in the audit', async () => {
    const { userId } = await bootstrapped()
    const { url } = await home.serve()
    const made = await home.run(['keys', 'create', '--user', userId, '--json'])
    const { id, key } = JSON.parse(made.stdout) as { id: string; key: string }
    const use = () => call(url, { path: '/me', key })
    // From memory from now on.
    for (let round = 0; round < 3; round++) expect((await use()).status).toBe(200)
    const unconfirmed = await home.run(['keys', 'delete', id])
    expect(unconfirmed).toMatchObject({ exitCode: 1, stdout: '' })
    expect(unconfirmed.stderr).toMatch(/^latchkey: nothing was deleted\. .*--yes\.\n$/)
    expect((await use()).status).toBe(200)

    const deletion = home.start(['keys', 'delete', id, '--yes'])
    await deletion.printed(/is deleted, and no server accepts it any more/)
    expect(await use()).toMatchObject({ status: 401, body: { code: 'key_inactive' } })
    expect((await deletion.ended).exitCode).toBe(0)
    expect(await home.run(['keys', 'delete', id, '--yes'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('is deleted already'),
    })
    const other = (await home.run(['keys', 'create', '--user', userId])).stdout.trim()
    const { body } = await call(url, { path: '/audit?limit=100', key: other })
    const deletions = (body.data as { action: string }[]).filter(({ action }) => action === 'key.deleted')
    expect(deletions).toHaveLength(1)
    expect(JSON.stringify(deletions)).toMatch(new RegExp(`${id}.*host|host.*${id}`))
  })

  it.each(['key_00000000000000000000000000', 'usr_01m85e7dwrfbjr22xtnjb2csjf', 'x'])(
    'says that there is no such key: %s',
    async (id) => {
      await bootstrapped()
      const { exitCode, stderr } = await home.run(['keys', 'delete', id, '--yes'])
      expect(exitCode).toBe(1)
      expect(stderr).toMatch(/^latchkey: No key has that id\. [^\n]+\n$/)
    },
  )

  it('does not repeat the text of a key that was given for its id', async () => {
    const { key } = await bootstrapped()
    const { exitCode, stdout, stderr } = await home.run(['keys', 'delete', key, '--yes'])
    expect(exitCode).toBe(1)
    expect(stdout + stderr).not.toContain(key)
  })
})

describe('latchkey --help', () => {
  const commands = [
    '',
    'serve',
    'bootstrap',
    'migrate',
    'backup',
    'restore',
    'doctor',
    'console-link',
    'import',
    'usage',
    'keys',
    'keys create',
    'keys delete',
    'audit',
    'audit verify',
    'audit export',
    'users',
    'users set-password',
  ]
  test.each(commands)('explains “%s”, and makes nothing', async (command) => {
    const args = command.split(' ').filter((part) => part !== '')
    const { exitCode, stdout, stderr } = await home.run([...args, '--help'])
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toMatch(new RegExp(`^Usage: latchkey ${command}`))
    expect(readdirSync(home.directory)).toEqual([])
  })

  it('lists exactly the commands that are explained', async () => {
    const { stdout } = await home.run(['--help'])
    const [, listed = ''] = stdout.split('Commands:')
    const names = [...listed.matchAll(/^ {2}([\w-]+)/gm)].map(([, name]) => name)
    expect(names.filter((name) => name !== 'help')).toEqual([
      ...new Set(commands.flatMap((command) => (command === '' ? [] : command.split(' ', 1)))),
    ])
  })

  it('answers a misspelt command with the nearest one and exit code 2', async () => {
    const { exitCode, stderr } = await home.run(['bootstap'])
    expect(exitCode).toBe(2)
    expect(stderr).toContain('Did you mean bootstrap?')
  })
})
