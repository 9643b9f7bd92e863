import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Latchkey } from '@latchkey/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from './calling.ts'
import { createHome, type Home } from './running.ts'

const ROWS = Number(process.env.IMPORT_ROWS ?? 3_000)
const KILLS = Number(process.env.KILL_CYCLES ?? 2)
const TEST_MS_MAX = 120_000

let home: Home
let service: Awaited<ReturnType<Home['serve']>>
let company: string
let texts: string[]

beforeAll(async () => {
  home = createHome()
  service = await home.serve()
  const companies = await call(service.url, { path: '/companies', key: home.adminKey() })
  const [{ id }] = companies.body.data as [{ id: string }]
  company = id
  texts = Array.from({ length: ROWS }, (_, n) => `shop_${digest(`text ${n}`, 'base64url').slice(0, 30)}`)
  const lines = texts.map((text, n) => `${digest(text, 'hex')},customer-${n % 40},orders:read`)
  // As a spreadsheet writes it: a mark at the start, and line ends of two characters.
  file('keys.csv', `\uFEFF${['hash,externalUserId,permissions', ...lines].join('\r\n')}\r\n`)
}, TEST_MS_MAX)
afterAll(() => home.dispose())

const digest = (text: string, encoding: 'hex' | 'base64url') =>
  createHash('sha256').update(text).digest(encoding)

function file(name: string, content: string): string {
  writeFileSync(join(home.directory, name), content)
  return name
}
const read = (name: string): string => readFileSync(join(home.directory, name), 'utf8')

const importing = (name: string, ...more: string[]) =>
  home.run(['import', name, '--from', 'csv', '--company', company, ...more])
const hashed = ['--format', 'sha256', '--create-users']

async function verify(key: string): Promise<string> {
  const { body } = await call(service.url, {
    method: 'POST',
    path: '/verify',
    key: home.adminKey(),
    body: { key },
  })
  return String(body.code)
}

describe('what cannot be right is refused before anything is done:', () => {
  const refused: readonly (readonly [what: string, args: () => string[], exitCode: number, why: RegExp])[] = [
    ['hashes without a proof', () => ['keys.csv', ...hashed], 1, /--check, or say --no-check/],
    [
      'a text that is the key of no row',
      () => ['keys.csv', ...hashed, '--check', 'something-else'],
      1,
      /none of/,
    ],
    [
      'another format',
      () => ['keys.csv', '--format', 'sha512-256', '--create-users', '--check', texts[0]!],
      1,
      /under the format sha256/,
    ],
    ['a format that is broken', () => ['keys.csv', '--format', 'md5'], 2, /broken/],
    ['a file that is not there', () => ['nothing.csv'], 1, /nothing\.csv cannot be read/],
    ['a file cut short', () => [file('cut.csv', `key,description\n${texts[0]},"begun`)], 1, /Line 2/],
    ['an empty file', () => [file('empty.csv', '')], 1, /file is empty/],
    ['a user who is not there', () => ['keys.csv', ...hashed, '--no-check', '--user', 'usr_1'], 1, /--user/],
    [
      'a report that is there',
      () => ['keys.csv', ...hashed, '--no-check', '--report', 'keys.csv'],
      1,
      /exists/,
    ],
  ]
  it.each(refused)('%s', async (_, args, exitCode, why) => {
    const [name = '', ...more] = args()
    const ended = await importing(name, ...more)
    expect(ended).toMatchObject({
      exitCode,
      stdout: expect.stringMatching(/^(0 created.*\n)?$/),
      stderr: expect.stringMatching(why),
    })
    expect(ended.stderr).not.toMatch(/\n {4}at /)
    expect(await verify(texts[0]!)).toBe('NOT_FOUND')
  })
})

it(
  'an import that is killed again and again goes on each time, and ends as one that was not',
  async () => {
    const dry = await importing(
      'keys.csv',
      ...hashed,
      '--check',
      texts[0]!,
      '--dry-run',
      '--report',
      'dry.jsonl',
    )
    expect(dry).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('Nothing was done.') })
    expect(await verify(texts[0]!)).toBe('NOT_FOUND')
    for (let kill = 0; kill < KILLS; kill++) {
      const args = [
        'import',
        'keys.csv',
        '--from',
        'csv',
        '--company',
        company,
        ...hashed,
        '--check',
        texts[0]!,
      ]
      const running = home.start(args)
      await running.printed(/is the key of line 2/)
      // Whatever step it has come to meanwhile.
      for (let asked = 0; asked < kill * 10; asked++) await verify(texts[0]!)
      await running.stop('SIGKILL')
    }
    const last = await importing('keys.csv', ...hashed, '--check', texts[0]!, '--report', 'last.jsonl')
    expect(last.exitCode, last.stderr).toBe(0)
    const lines = (name: string) =>
      read(name)
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).line)
    expect(lines('last.jsonl')).toEqual(lines('dry.jsonl'))
    expect(lines('last.jsonl')).toHaveLength(ROWS)
    const users = await call(service.url, { path: '/users?limit=1', key: home.adminKey() })
    const keys = await call(service.url, { path: '/keys?limit=1', key: home.adminKey() })
    // Beside those of the first start.
    expect([users.body.total, keys.body.total]).toEqual([41, ROWS + 1])
    for (const text of [texts[0]!, texts[ROWS - 1]!]) expect(await verify(text)).toBe('VALID')
    expect(await verify(`${texts[0]}x`)).toBe('NOT_FOUND')
    const again = await importing('keys.csv', ...hashed, '--no-check')
    expect(again.stdout).toContain(`0 created, ${ROWS.toLocaleString('en')} were here already`)
    const chains = await home.run(['audit', 'verify'])
    expect(chains.stdout).toMatch(/every chain holds\.\n$/)
  },
  TEST_MS_MAX,
)

/** A window of a day slides over midnight, and only the turn of a month begins a quota anew. */
const LIMITED = [
  { rateLimits: [{ name: 'per-day', limit: 2, windowSeconds: 86_400 }] },
  { quota: { limit: 2, period: 'month' } },
  {
    rateLimits: [{ name: 'per-day', limit: 9, windowSeconds: 86_400 }],
    quota: { limit: 2, period: 'month' },
  },
]

describe.each(['csv', 'ndjson'])('limits of a %s file', (format) => {
  const texts = LIMITED.map((_, n) => `shop_${digest(`limited ${format} ${n}`, 'base64url').slice(0, 30)}`)
  const cell = (value: object | undefined) =>
    value === undefined ? '' : `"${JSON.stringify(value).replaceAll('"', '""')}"`

  it('limit each key, are shown, and are asked about by a verifier elsewhere', async () => {
    const rows = LIMITED.map((limits, n) => ({ key: texts[n]!, externalUserId: 'limited', ...limits }))
    const lines =
      format === 'ndjson'
        ? rows.map((row) => JSON.stringify(row))
        : [
            'key,externalUserId,rateLimits,quota',
            ...rows.map((row) => {
              const { rateLimits, quota } = row as { rateLimits?: object; quota?: object }
              return [row.key, row.externalUserId, cell(rateLimits), cell(quota)].join(',')
            }),
          ]
    const name = file(`limited.${format}`, `${lines.join('\r\n')}\r\n`)
    const report = `limited.${format}.jsonl`
    const args = [
      'import',
      name,
      '--from',
      format,
      '--company',
      company,
      '--create-users',
      '--report',
      report,
    ]
    const ended = await home.run(args)
    expect(ended, ended.stderr).toMatchObject({
      exitCode: 0,
      stdout: '3 created, 0 were here already, 0 refused.\n',
    })
    const ids: string[] = read(report)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).keyId)
    const shown = await Promise.all(
      ids.map((id) => call(service.url, { path: `/keys/${id}`, key: home.adminKey() })),
    )
    expect(shown.map(({ body: { rateLimits, quota } }) => ({ rateLimits, quota }))).toEqual(
      LIMITED.map(({ rateLimits = null, quota = null }) => ({ rateLimits, quota })),
    )
    const verifier = new Latchkey({ url: service.url, key: home.adminKey() }).verifier()
    try {
      await verifier.ready()
      for (const [n, key] of texts.entries()) {
        const asked = [
          await verifier.verify({ key }),
          await verifier.verify({ key }),
          await verifier.verify({ key }),
        ]
        expect(asked.map(({ code }) => code)).toEqual(['VALID', 'VALID', 'RATE_LIMITED'])
        expect(asked[2]).toMatchObject({ limitedBy: n === 0 ? 'per-day' : 'quota' })
        expect(await verify(key)).toBe('RATE_LIMITED')
      }
    } finally {
      await verifier.close()
    }
  })
})
