/** A long body is held against its schema a piece at a time, and is refused as it would be in one piece. */
import { operations } from '@latchkey/contract/operations'
import { expect, test } from 'vitest'
import { createBodyValidator } from './validation.ts'

const at = '2026-11-28T12:00:00Z'
const use = {
  keyId: 'key_00000000000000000000000000',
  secretOrdinal: 1,
  code: 'VALID',
  count: 1,
  lastAt: at,
  lastAddress: null,
}
const report = { reportId: 'report-of-a-test', from: at, to: at, now: at }
const many = <T>(one: T, count = 100): T[] => Array.from({ length: count }, () => one)
const key = { key: 'shop_0123456789012345678901234567890' }

const reportUsage = createBodyValidator(operations.reportUsage.body, new Map())
const importApiKeys = createBodyValidator(operations.importApiKeys.body, new Map())
const verifyApiKeys = createBodyValidator(operations.verifyApiKeys.body, new Map())

type Row = readonly [string, typeof reportUsage, () => unknown, number | 'refused']

test.each<Row>([
  ['a report', reportUsage, () => ({ ...report, uses: many(use) }), 7],
  ['a short report', reportUsage, () => ({ ...report, uses: many(use, 16) }), 1],
  ['an import', importApiKeys, () => ({ keys: many(key, 33) }), 3],
  [
    'an import with nulls that say nothing',
    importApiKeys,
    () => ({ user: null, keys: many({ ...key, expiresAt: null }) }),
    7,
  ],
  ['a batch', verifyApiKeys, () => ({ keys: many({ key: 'k' }) }), 7],
  ['no list', reportUsage, () => report, 'refused'],
  ['a list that is none', reportUsage, () => ({ ...report, uses: 'many' }), 'refused'],
  ['a body that is none', reportUsage, () => many(use), 'refused'],
  ['an empty list', importApiKeys, () => ({ keys: [] }), 'refused'],
  ['more than a list may have', verifyApiKeys, () => ({ keys: many({ key: 'k' }, 101) }), 'refused'],
  ['a field besides that is bad', reportUsage, () => ({ ...report, now: 'now', uses: many(use) }), 'refused'],
  ['a field besides that is unknown', importApiKeys, () => ({ keys: many(key), keyz: 1 }), 'refused'],
  [
    'an element that is bad, behind many that are good',
    reportUsage,
    () => ({ ...report, uses: [...many(use, 900), { ...use, count: -1 }] }),
    'refused',
  ],
  ['elements that are none', importApiKeys, () => ({ keys: [...many(key), 1, null] }), 'refused'],
])('%s', (_name, { validate, validateInSteps }, bodyOf, expected) => {
  const [whole, inSteps] = [bodyOf(), bodyOf()]
  let steps = 0
  const refusals = [
    refusalOf(() => validate(whole)),
    refusalOf(() => {
      for (const _ of validateInSteps(inSteps)) steps += 1
    }),
  ]
  expect(refusals[1]).toEqual(refusals[0])
  expect(refusals[0] === undefined ? steps : 'refused').toBe(expected)
  // Nulls that say nothing are out of both.
  expect(inSteps).toEqual(whole)
})

/** A list that counts how often one of its elements is looked at. */
function watched(elements: readonly unknown[]) {
  let looks = 0
  const list = new Proxy(elements, {
    get(target, name, receiver) {
      if (/^\d+$/.test(String(name))) looks += 1
      return Reflect.get(target, name, receiver)
    },
  })
  return { list, looks: () => looks }
}

test.each<readonly [string, typeof reportUsage, (list: unknown) => unknown]>([
  ['an import', importApiKeys, (list) => ({ keys: [{ ...key, whitelistedIPs: list }] })],
  ['one of many rows', importApiKeys, (list) => ({ keys: [...many(key), { ...key, permissions: list }] })],
  ['a batch', verifyApiKeys, (list) => ({ keys: [{ key: 'k', permissions: list }] })],
  [
    'a creation',
    createBodyValidator(operations.createApiKey.body, new Map()),
    (list) => ({ userId: 'u', whitelistedIPs: list }),
  ],
])(
  'of a list of bad values in %s only the first are told, and no others are looked at',
  (_, { validate, validateInSteps }, bodyOf) => {
    const { list, looks } = watched(Array.from({ length: 100_000 }, () => 1))
    const refused = refusalOf(() => {
      for (const _ of validateInSteps(bodyOf(list)));
    })
    expect(refused).toEqual(refusalOf(() => validate(bodyOf(Array.from({ length: 100_000 }, () => 1)))))
    expect(looks()).toBeLessThan(20_000)
  },
)

function refusalOf(work: () => void): unknown {
  try {
    work()
    return undefined
  } catch (error) {
    return error
  }
}
