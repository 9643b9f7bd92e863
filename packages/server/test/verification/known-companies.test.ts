/** A company that was found is not asked for again: no company is removed, but a store may be, by an older one. */
import type { CompanyId } from '@latchkey/core/ids'
import { expect, test } from 'vitest'
import { createKnownCompanies } from '../../src/verification/known-companies.ts'

const A = 'cmp_a' as CompanyId

function aStore() {
  const store = { there: new Set<CompanyId>([A]), asked: [] as CompanyId[], isFresh: true }
  let gate: Promise<void> | undefined
  const known = createKnownCompanies({
    async isThere(companyId) {
      store.asked.push(companyId)
      const found = store.there.has(companyId)
      await gate
      return found
    },
    isFresh: () => store.isFresh,
  })
  const hold = () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    gate = promise
    return resolve
  }
  return { store, known, hold }
}

test('one that is there is asked for once', async () => {
  const { store, known } = aStore()
  expect(await known.isThere(A)).toBe(true)
  expect(known.isThere(A)).toBe(true)
  expect(store.asked).toEqual([A])
})

test('one that is not there is asked for each time, and found as soon as it is', async () => {
  const { store, known } = aStore()
  const late = 'cmp_late' as CompanyId
  for (let time = 0; time < 2; time++) expect(await known.isThere(late)).toBe(false)
  store.there.add(late)
  expect(await known.isThere(late)).toBe(true)
  expect(store.asked).toEqual([late, late, late])
})

test.each<[string, (given: ReturnType<typeof aStore>) => unknown]>([
  ['nobody knows what has changed', ({ store }) => Object.assign(store, { isFresh: false })],
  ['another store takes the place of this one', ({ known }) => known.forget()],
])('where %s, the store is asked again', async (_what, befall) => {
  const given = aStore()
  await given.known.isThere(A)
  given.store.there.delete(A)
  befall(given)
  expect(await given.known.isThere(A)).toBe(false)
})

test('what the store of before has answered is not kept', async () => {
  const { store, known, hold } = aStore()
  const letGo = hold()
  const asked = known.isThere(A)
  known.forget()
  store.there.delete(A)
  letGo()
  expect(await asked).toBe(true)
  expect(await known.isThere(A)).toBe(false)
})

test('of ten thousand the first is asked for again, and the others are not', async () => {
  const { store, known } = aStore()
  const ids = Array.from({ length: 10_001 }, (_, nth) => `cmp_${nth}` as CompanyId)
  store.there = new Set(ids)
  for (const id of ids) await known.isThere(id)
  store.asked.length = 0
  for (const id of ids.slice(-3)) expect(known.isThere(id)).toBe(true)
  expect(known.isThere(ids[0]!)).toBeInstanceOf(Promise)
  expect(store.asked).toEqual([ids[0]])
})
