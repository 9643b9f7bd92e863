/** What is counted, and that nobody outside can make the list of counters grow or speak. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { operations } from '@latchkey/contract/operations'
import { OUTCOME_CODES } from '@latchkey/core/outcome-code'
import { generateSecret } from '@latchkey/core/secret'
import { beforeAll, describe, expect, test } from 'vitest'
import { createFakeClock, HOUR_MS } from '../fake-clock.ts'
import { createTestCompany, expectCreated, type TestCompany, useTestServer } from '../harness.ts'

const clock = createFakeClock()
let company: TestCompany

const server = useTestServer({ LATCHKEY_FAILED_AUTH_PER_MINUTE: '100000' }, { clock })
beforeAll(async () => {
  company = await createTestCompany(server)
})

const text = async (): Promise<string> => (await server.call({ path: '/metrics', key: null })).text

/** Every series by its name and labels, with its value. */
async function series(): Promise<ReadonlyMap<string, number>> {
  const lines = (await text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => [
      line.slice(0, line.lastIndexOf(' ')),
      Number(line.slice(line.lastIndexOf(' ') + 1)),
    ]),
  )
}

/** How much a series grew while something was done. */
async function growth(name: string, work: () => Promise<unknown>): Promise<number> {
  const before = (await series()).get(name) ?? 0
  await work()
  return ((await series()).get(name) ?? 0) - before
}

const verify = (key: string, more: object = {}) =>
  server.call({ method: 'POST', path: '/verify', key: company.users.admin.key, body: { key, ...more } })
const make = (fields: object = {}): Promise<{ readonly id: string; readonly key: string }> =>
  expectCreated(server, {
    path: '/keys',
    key: company.users.admin.key,
    body: { userId: company.users.developer.id, ...fields },
  })
const unknown = () => generateSecret({ prefix: 'lk', mode: 'live', randomBytes }).reveal()

test('is Prometheus’ text format, for whoever asks from the machine itself', async () => {
  const answer = await server.call({ path: '/metrics', key: null })
  expect(answer.status).toBe(200)
  expect(answer.headers['content-type']).toMatch(/^text\/plain; version=/)
  for (const line of answer.text.split('\n')) {
    expect(line).toMatch(
      /^$|^# (HELP|TYPE) \w+ .+$|^\w+(\{\w+="[^"\n]*"(,\w+="[^"\n]*")*\})? (-?[\d.e+-]+|NaN)$/,
    )
  }
})

/** By name: the type, and the labels of its series. */
async function exposed(): Promise<ReadonlyMap<string, { type: string; labels: string }>> {
  const all = await text()
  return new Map(
    [...all.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name = '', type = '']) => {
      const [, labels = ''] = new RegExp(`^${name}(?:_bucket|_count)?\\{(.*)\\} `, 'm').exec(all) ?? []
      const names = [...labels.matchAll(/(\w+)="/g)].map(([, label]) => label).filter((one) => one !== 'le')
      return [name, { type, labels: names.join(', ') }]
    }),
  )
}

test('each of ours is in the documentation with its type and labels, and nothing else is', async () => {
  const page = readFileSync(new URL('../../../../docs/operate/monitoring.md', import.meta.url), 'utf8')
  const documented = [...page.matchAll(/^\| (`latchkey_.*?) \| (\w+) \| (.*?) ?\| /gm)].flatMap(
    ([, names = '', type, labels = '']) =>
      [...names.matchAll(/`(\w+)`/g)].map(([, name]) => `${name} ${type} ${labels.replaceAll('`', '')}`),
  )
  await server.call({ path: '/me' })
  const found = [...(await exposed())].map(([name, { type, labels }]) => `${name} ${type} ${labels}`)
  expect(found.filter((line) => line.startsWith('latchkey_')).sort()).toEqual(documented.sort())
})

test('names say type and unit as Prometheus has it', async () => {
  for (const [name, { type }] of await exposed()) {
    if (!name.startsWith('latchkey_')) continue
    expect(name.endsWith('_total'), name).toBe(type === 'counter')
    expect(name).not.toMatch(/_(count|sum|bucket|ms|milliseconds|minutes|kb|mb)(_|$)/)
    if (/duration|settle/.test(name)) expect(name).toMatch(/_seconds$/)
  }
})

test('a verdict that nobody was given yet is there, as 0: a rise from nothing would be seen by no alarm', async () => {
  const lines = await series()
  for (const code of OUTCOME_CODES) expect(lines.get(`latchkey_verdicts_total{code="${code}"}`)).toBeDefined()
  for (const result of ['answered', 'failed'])
    expect(lines.get(`latchkey_limit_lease_duration_seconds_count{result="${result}"}`)).toBeDefined()
})

describe('a verdict is counted under its code', () => {
  const inAnHour = () => new Date(clock.nowMs() + HOUR_MS).toISOString()

  test.each<readonly [code: string, prepare: () => Promise<() => Promise<unknown>>]>([
    [
      'VALID',
      async () => {
        const { key } = await make()
        return () => verify(key)
      },
    ],
    ['NOT_FOUND', async () => () => verify(unknown())],
    [
      'INACTIVE',
      async () => {
        const { id, key } = await make()
        await server.call({ method: 'DELETE', path: `/keys/${id}`, key: company.users.admin.key })
        return () => verify(key)
      },
    ],
    [
      'EXPIRED',
      async () => {
        const { key } = await make({ expiresAt: inAnHour() })
        clock.move(HOUR_MS)
        return () => verify(key)
      },
    ],
    [
      'IP_REQUIRED',
      async () => {
        const { key } = await make({ whitelistedIPs: '1.1.1.1' })
        return () => verify(key)
      },
    ],
    [
      'IP_NOT_ALLOWED',
      async () => {
        const { key } = await make({ whitelistedIPs: '1.1.1.1' })
        return () => verify(key, { ip: '2.2.2.2' })
      },
    ],
    [
      'INSUFFICIENT_PERMISSIONS',
      async () => {
        const { key } = await make({ permissions: [] })
        return () => verify(key, { permissions: ['orders:read'] })
      },
    ],
  ])('%s', async (code, prepare) => {
    const ask = await prepare()
    // The verifying caller's own credential is a VALID verdict of its own.
    const expected = code === 'VALID' ? 2 : 1
    expect(await growth(`latchkey_verdicts_total{code="${code}"}`, ask)).toBe(expected)
  })

  test('a batch counts each of its keys', async () => {
    const keys = [{ key: unknown() }, { key: unknown() }, { key: 'x' }]
    const ask = () =>
      server.call({ method: 'POST', path: '/verify/batch', key: company.users.admin.key, body: { keys } })
    expect(await growth('latchkey_verdicts_total{code="NOT_FOUND"}', ask)).toBe(3)
  })
})

test('a request is counted under its operation and status', async () => {
  const name = (operation: string, status: number) =>
    `latchkey_request_duration_seconds_count{operation="${operation}",status="${status}"}`
  const { viewer } = company.users
  expect(await growth(name('listApiKeys', 200), () => server.call({ path: '/keys' }))).toBe(1)
  expect(await growth(name('listApiKeys', 401), () => server.call({ path: '/keys', key: null }))).toBe(1)
  const refused = () => server.call({ method: 'POST', path: '/keys', key: viewer.key, body: {} })
  expect(await growth(name('createApiKey', 403), refused)).toBe(1)
})

test('a durable write is counted, with how many shared it', async () => {
  // At least: last-used times are written once a second, and count like every write.
  const commits = 'latchkey_store_commit_duration_seconds_count'
  expect(await growth(commits, () => make())).toBeGreaterThanOrEqual(1)
  expect(await growth('latchkey_store_commit_writes_sum', () => Promise.all([make(), make(), make()]))).toBe(
    3,
  )
})

describe('labels are from closed sets', () => {
  const OPERATIONS = new Set([...Object.keys(operations), 'none'])

  /** As many different things as a stranger could think of. */
  async function strangeThings(round: string): Promise<void> {
    const word = `${round}${randomBytes(8).toString('hex')}`
    const paths = [
      `/${word}`,
      `/keys/${word}`,
      `/users/${word}`,
      `/companies/${word}`,
      `/errors/${word}`,
      `/gateway/${word}`,
      `/gateway/envoy/${word}`,
      `/keys?${word}=${word}`,
      `/%${word}`,
    ]
    for (const path of paths) {
      for (const method of ['GET', 'POST', 'DELETE', 'PUT', 'OPTIONS', 'HEAD'] as const) {
        await server.call({ method, path })
      }
    }
    await server.call({ path: '/me', key: word, from: `10.0.${word.length}.1` })
    await verify(word, { permissions: [`${word}:read`] })
    await expectCreated(server, { path: '/companies', body: { name: word, externalId: word } })
  }

  test('whatever is asked for, no series has a path, an id, an address or a name in it', async () => {
    await strangeThings('x')
    const routes = new Set<string>()
    for (const name of (await series()).keys()) {
      const [, operation] = /operation="([^"]*)"/.exec(name) ?? []
      if (operation !== undefined && !OPERATIONS.has(operation)) routes.add(operation)
      expect(name).not.toMatch(/(key|usr|cmp|ses|evt|req)_[0-9a-z]{26}|lk_|\d+\.\d+\.\d+\.\d+(?!")/)
      const labels = [...name.matchAll(/(\w+)="/g)].map(([, label]) => label)
      for (const label of labels) {
        expect([
          'operation',
          'status',
          'code',
          'result',
          'le',
          'version',
          'major',
          'minor',
          'patch',
          'space',
          'kind',
          'type',
        ]).toContain(label)
      }
    }
    // What is no operation is named by its route's pattern, which is written in the source.
    for (const route of routes) expect(route).toMatch(/^\/[a-z/.:*-]*$/)
  })

  test('asking for new things again and again makes no new series', async () => {
    await strangeThings('first')
    const before = [...(await series()).keys()].filter((name) => name.startsWith('latchkey_')).sort()
    for (let round = 0; round < 5; round++) await strangeThings(String(round))
    const after = [...(await series()).keys()].filter((name) => name.startsWith('latchkey_')).sort()
    expect(after).toEqual(before)
  })
})
