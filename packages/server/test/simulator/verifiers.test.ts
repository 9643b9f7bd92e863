import { describe, expect, test } from 'vitest'
import { simulate } from './simulate.ts'
import { simulate as simulateCalm } from './verifiers/calm.ts'
import { simulateReturn } from './verifiers/returning.ts'
import { simulate as simulateStandingStill } from './verifiers/standing-still.ts'

/** `npm run simulate -- --verifiers --seeds 100000` runs as many as wanted. */
const SEEDS = 16
const ROTATING_SEEDS = 4
const CALM_SEEDS = 4
const RETURN_SEEDS = 4
const STILL_SEEDS = 4

const from = (first: number, count: number) => Array.from({ length: count }, (_, index) => first + index)

describe('applications that verify by themselves, among servers that fail', () => {
  test.each(from(1, SEEDS))('nothing that is revoked is accepted in seed %i', async (seed) => {
    expect(await simulate(seed, { withVerifiers: true })).toBeUndefined()
  })

  test.each([
    [1, 'a process waits for the verifiers of its neighbours, and so does a command'],
    [5, 'what a process had lent is waited for when it is gone'],
    [28, 'a process that stops keeps its row while a verifier has a lease from it'],
    [34, 'only the rows of the dead are removed'],
    [103, 'a look at the head from before a commit is waited for'],
  ])(
    'nothing is, by processes of one file and commands beside them, in seed %i, which sees: %s',
    async (seed) => {
      expect(await simulate(seed, { withVerifiers: true, isFile: true })).toBeUndefined()
    },
  )

  test.each([...from(1, ROTATING_SEEDS), 20])(
    'nor is a secret that was replaced, of keys that get new ones, in seed %i',
    async (seed) => {
      expect(await simulate(seed, { withVerifiers: true, withRotations: true })).toBeUndefined()
    },
  )

  test.each(from(1, ROTATING_SEEDS))('nor is one by processes of one file, in seed %i', async (seed) => {
    const options = { withVerifiers: true, withRotations: true, isFile: true }
    expect(await simulate(seed, options)).toBeUndefined()
  })

  // Each is the first of its kind: docs/proofs/verifier.md.
  test.each([
    [324, 'memory is empty before goodbye is said'],
    [61, 'the age of a proof counts by the monotonic clock too'],
    [169, 'the time an answer was held counts by the monotonic clock'],
    [103, 'the age of a proof counts by the wall clock too'],
    [559, 'what was applied in another epoch acknowledges nothing'],
  ])('holds every promise in seed %i, which sees: %s', async (seed) => {
    expect(await simulate(seed, { withVerifiers: true })).toBeUndefined()
  })

  test.each(from(1, CALM_SEEDS))(
    'on a calm day memory may answer and nobody waits for the applications of another company, in seed %i',
    async (seed) => {
      expect(await simulateCalm(seed)).toBeUndefined()
    },
  )

  test.each(from(1, STILL_SEEDS))(
    'nothing that is revoked is accepted by one that stood still with its server, in seed %i',
    async (seed) => {
      expect(await simulateStandingStill(seed)).toBeUndefined()
    },
  )

  test.each(from(1, RETURN_SEEDS))(
    'each refuses when its servers are gone, and is well again within 2 s of their return, in seed %i',
    async (seed) => {
      for (const how of ['killed', 'unreachable'] as const) {
        expect({ how, ...(await simulateReturn(seed, how)) }).toEqual({
          how,
          freshWhileGone: [],
          staleAfter: [],
        })
      }
    },
  )
})
