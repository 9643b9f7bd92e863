import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { call } from './calling.ts'
import {
  changeSecrets,
  createRotatedKeys,
  findHalfRotations,
  type RotatedKey,
  takeUp,
} from './rotation-history.ts'
import { createHome, type Home } from './running.ts'

/** Each takes a second or two, nearly all of it the start of the service. */
const CYCLES = Number(process.env.KILL_CYCLES ?? 4)
const CYCLE_MS_MAX = 15_000
const KEYS = 8
/** The kill comes after so many answers at most, so that it falls at any moment of the work. */
const ANSWERED_MAX = 60

let home: Home

beforeEach(() => {
  home = createHome()
})
afterEach(() => home.dispose())

const settings = { LATCHKEY_LOG_LEVEL: 'warn' }

it(
  `a service killed while keys are rotated leaves each as it was before or as it is after, ${CYCLES} times`,
  async () => {
    const store = join(home.dataDir, 'latchkey.db')
    let keys: RotatedKey[] = []
    let asked = 0
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      const service = await home.serve({ settings })
      const target = { url: service.url, key: home.adminKey() }
      if (cycle === 0) {
        const me = await call(target.url, { path: '/me', key: target.key })
        keys = await createRotatedKeys(target, String(me.body.userId), KEYS)
      }
      expect(await takeUpAll(target, keys)).toEqual([])
      const killing = killAfter(1 + Math.floor(Math.random() * ANSWERED_MAX), () => service.stop('SIGKILL'))
      await Promise.all(keys.map((key) => work(target, key, killing.heard)))
      await killing.done
      asked += keys.filter((key) => key.asked !== undefined).length
    }
    const service = await home.serve({ settings })
    expect(await takeUpAll({ url: service.url, key: home.adminKey() }, keys)).toEqual([])
    // Otherwise it was killed while nobody asked for anything.
    expect(asked).toBeGreaterThan(0)
    await service.stop()
    expect(findHalfRotations(store)).toEqual([])
    const [chains, doctor] = await Promise.all([home.run(['audit', 'verify']), home.run(['doctor'])])
    expect(chains.stdout).toMatch(/every chain holds\.\n$/)
    expect(doctor.stdout).toMatch(/All is well\.\n$/)

    async function takeUpAll(target: Parameters<typeof takeUp>[0], all: readonly RotatedKey[]) {
      expect(findHalfRotations(store)).toEqual([])
      const wrong: string[] = []
      for (const key of all) {
        const fault = await takeUp(target, key)
        if (fault !== undefined) wrong.push(fault)
      }
      return wrong
    }
  },
  (CYCLES + 3) * CYCLE_MS_MAX,
)

/** Until the service is gone. */
async function work(
  target: Parameters<typeof changeSecrets>[0],
  key: RotatedKey,
  heard: () => void,
): Promise<void> {
  try {
    for (;;) {
      await changeSecrets(target, key)
      heard()
    }
  } catch (error) {
    // It may have been done or not.
    if (!(error instanceof TypeError)) throw error
  }
}

function killAfter(answers: number, kill: () => Promise<unknown>) {
  const done = Promise.withResolvers<unknown>()
  let left = answers
  return {
    done: done.promise,
    heard() {
      left -= 1
      if (left === 0) done.resolve(kill())
    },
  }
}
