import { createHash, createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { checkSource } from '../../src/import/check-source.ts'
import { dryRun } from '../../src/import/dry-run.ts'
import { createLineTable } from '../../src/import/line-table.ts'
import { readSource } from '../../src/import/read-source.ts'
import type { SourceOptions } from '../../src/import/source-options.ts'
import { estimatedBits } from '../../src/import/text-strength.ts'
import { bytesOf, OPTIONS } from './reading.ts'

const A = 'acme_XvNKqMrDzTbWcHsYpLfJgRkQnZtVmBdG'
const B = 'acme_PqLwZxRtYvNbKmJhGfDsCaQeWrTyUiOp'
const sha256 = (text: string) => createHash('sha256').update(text).digest()
const pepper = Buffer.from('pepper of the old system')
const salt = Buffer.from('salt of the old system')
const ALL = { hasOwner: true, hasPepper: true, hasSalt: true }

const read = (file: string, options: Partial<SourceOptions> = {}) =>
  readSource('csv', () => bytesOf(file), { ...OPTIONS, ...options })

describe('a dry run', () => {
  const report = (file: string, rules = ALL) => Array.fromAsync(dryRun(read(file), rules))

  it('reports every row with its line: what would be made, and what is refused and why', async () => {
    const file = ['key,externalUserId,team', `${A},u1,red`, 'short,u1,', `${B},u2,`].join('\n')
    expect(await report(file)).toEqual([
      { line: 2, outcome: 'created', notes: ['Kept as metadata: team.'] },
      { line: 3, outcome: 'refused', reason: expect.stringMatching(/^the key has 5 characters/) },
      { line: 4, outcome: 'created', notes: [] },
    ])
  })

  it('of two rows with one text or one hash takes the first, and says where that is', async () => {
    const hex = sha256('x').toString('hex')
    const file = [
      'key,hash,format,externalUserId',
      `${A},,,u1`,
      `,${hex},sha256,u1`,
      `${A},,,u2`,
      `,${sha256('x').toString('base64')},SHA-256,u3`,
      `,${hex},sha256:after-last-underscore,u4`,
    ].join('\n')
    expect(await report(file)).toMatchObject([
      { line: 2, outcome: 'created' },
      { line: 3, outcome: 'created' },
      { line: 4, outcome: 'refused', reason: 'it has the same key as line 2: remove one of the two.' },
      { line: 5, outcome: 'refused', reason: 'it has the same hash as line 3: remove one of the two.' },
      { line: 6, outcome: 'created' },
    ])
  })

  it.each([
    [`key\n${A}\n`, { ...ALL, hasOwner: false }, /names no owner.*--user/],
    [
      `hash,format\n${sha256('x').toString('hex')},hmac-sha256\n`,
      { ...ALL, hasPepper: false },
      /--pepper-file/,
    ],
    [
      `hash,format\n${sha256('x').toString('hex')},sha256:suffix-salt\n`,
      { ...ALL, hasSalt: false },
      /--salt-file/,
    ],
  ])('refuses a row for which something must be given beside the file: %#', async (file, rules, reason) => {
    expect(await report(file, ALL)).toMatchObject([{ outcome: 'created' }])
    expect(await report(file, rules)).toEqual([
      { line: 2, outcome: 'refused', reason: expect.stringMatching(reason) },
    ])
  })

  it('has nothing of a text or a hash in its report', async () => {
    const hex = sha256('x').toString('hex')
    const file = [
      'key,hash,format,externalUserId',
      `${A},,,u1`,
      `${A},,,u1`,
      `,${hex},md5,u1`,
      `,${hex},sha256,`,
      `${'7'.repeat(30)},,,u`,
    ].join('\n')
    const text = JSON.stringify(await report(file, { ...ALL, hasOwner: false }))
    for (const secret of [A, hex, '7777777']) expect(text).not.toContain(secret)
  })
})

describe('checkSource', () => {
  const hashes = (format: string, ...digests: Buffer[]) =>
    [
      'hash,format,externalUserId,enabled',
      ...digests.map((digest) => `${digest.toString('base64')},${format},u,no`),
    ].join('\n')

  it.each([
    ['sha256', sha256(A)],
    ['sha256:after-last-underscore', sha256(A.slice(5))],
    ['hmac-sha256', createHmac('sha256', pepper).update(A).digest()],
    ['sha256:suffix-salt', sha256(`${A}${salt.toString()}`)],
  ])('finds the row of a text under %s, with its state', async (format, digest) => {
    const file = hashes(format, sha256('another'), digest)
    expect(await checkSource(read(file), A, { pepper, salt })).toEqual({
      line: 3,
      status: 'disabled',
      expiresAt: undefined,
    })
  })

  it('finds a text itself', async () => {
    expect(await checkSource(read(`key,expiresAt\n${B},\n${A},2027-01-31\n`), A)).toEqual({
      line: 3,
      status: 'active',
      expiresAt: '2027-01-31T00:00:00.000Z',
    })
  })

  it('says which format it would be, when the wrong one was chosen', async () => {
    expect(await checkSource(read(hashes('sha512-256', sha256(A.slice(5)))), A)).toEqual({
      detail:
        'The text is the key of line 2 under the format sha256:after-last-underscore: say --format sha256:after-last-underscore.',
    })
  })

  it.each([
    ['with another pepper', hashes('hmac-sha256', createHmac('sha256', 'x').update(A).digest()), { pepper }],
    ['without the pepper', hashes('hmac-sha256', createHmac('sha256', pepper).update(A).digest()), {}],
    ['of another text', hashes('sha256', sha256(B)), {}],
    ['among texts', `key\n${B}\n`, {}],
  ])('finds nothing %s, and says what to look at', async (_, file, extras) => {
    expect(await checkSource(read(file), A, extras)).toEqual({
      detail: expect.stringMatching(/the key of none of 1 rows.*pepper/),
    })
  })

  it('says when there is no row at all', async () => {
    expect(await checkSource(read('key\nshort\n'), A)).toEqual({
      detail: expect.stringMatching(/no row that can be taken/),
    })
  })
})

describe('reading', () => {
  it('holds one piece at a time, and reads no further than it is asked', async () => {
    let pieces = 0
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('key,externalUserId\n')
      for (;;) {
        pieces += 1
        yield Buffer.from(
          `acme_${createHash('sha256').update(String(pieces)).digest('base64url').slice(0, 30)},u\n`,
        )
      }
    }
    let rows = 0
    for await (const entry of readSource('csv', endless, OPTIONS)) {
      expect(entry).toHaveProperty('row')
      rows += 1
      expect(pieces).toBeLessThanOrEqual(rows + 1)
      if (rows === 10_000) break
    }
  })

  it.each([
    ['csv', 'key,externalUserId\n'],
    ['ndjson', '{"key":"'],
    ['ndjson', '[{"key":"'],
    ['kong', 'consumers:\n- username: '],
  ] as const)('of %s ends where an entry has no end: %s', async (source, start) => {
    let bytes = 0
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield Buffer.from(start)
      for (;;) {
        bytes += 65_536
        yield Buffer.alloc(65_536, 'x')
      }
    }
    await expect(Array.fromAsync(readSource(source, endless, OPTIONS))).rejects.toThrow(
      /longer than \d+ characters/,
    )
    expect(bytes).toBeLessThan(4_000_000)
  })
})

describe('estimatedBits', () => {
  it.each([
    '0af3b6c1d2e94f7d8c5b',
    'DovOzH7VOuKlJ3SPr8dhNEACzW3S81Z1',
    '4174348a-9222-4e81-b33e-5d72d2fd7f1e',
    'sk_live_4eC39HqLyjWDarjtT1zdp7dc',
    'kqvxzjwpmyrtbnhgfdsc',
    'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJyb2xlIjoiYW5vbiJ9.dc_X5iR_VP_qT0zsiyj_I_OZ2T9FtRU2BBNWN8Bu4GE',
  ])('lets %s pass', (text) => {
    expect(estimatedBits(text)).toBeGreaterThanOrEqual(60)
  })

  it.each([
    'my-api-key-for-customer-one',
    'secret-secret-secret-secret-secret',
    '00000000000000000000000000000001',
    '12345678901234567890',
    'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    'Acme-Production-Key-2024',
    'changeme-changeme-changeme',
  ])('stops %s', (text) => {
    expect(estimatedBits(text)).toBeLessThan(60)
  })
})

describe('createLineTable', () => {
  it('knows the first line of each of many marks, growing as it goes', () => {
    const table = createLineTable()
    const markOf = (index: number) => sha256(String(index)).readBigUInt64LE()
    for (let index = 1; index <= 20_000; index++) expect(table.note(markOf(index), index)).toBeUndefined()
    for (let index = 1; index <= 20_000; index += 97) expect(table.note(markOf(index), 99_999)).toBe(index)
  })

  it('looks for no more than it has room for', () => {
    const table = createLineTable(1)
    expect([table.note(1n, 1), table.note(2n, 2), table.note(2n, 3), table.note(1n, 4)]).toEqual([
      undefined,
      undefined,
      undefined,
      1,
    ])
  })
})
