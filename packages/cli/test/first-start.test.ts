/** The admin key of a store that took it back, because another server was first after all. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bootstrap, createServices, readConfig, type Services } from '@latchkey/server'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeAdminKey } from '../src/first-start.ts'

let directory: string
let file: string
let services: Services

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'latchkey-first-'))
  file = join(directory, 'key')
  const { config, secretSource } = readConfig({
    LATCHKEY_DATA_DIR: join(directory, 'data'),
    LATCHKEY_SECRET: 'a secret that is long enough for this test',
    LATCHKEY_BOOTSTRAP_KEY_FILE: file,
  })
  services = await createServices(config, secretSource)
})
afterEach(async () => {
  await services.dispose()
  rmSync(directory, { recursive: true, force: true })
})

/** As a database does that ends a transaction which stood still: it is run again, after another server's. */
const endingFirst = (between: () => Promise<unknown>): Services => ({
  ...services,
  async begin(work) {
    const undone = new Error('undone')
    const first = services.begin(async (tx) => {
      await work(tx)
      throw undone
    })
    await expect(first).rejects.toBe(undone)
    await between()
    return services.begin(work)
  },
})

test('is not left in its file', async () => {
  const another = () => bootstrap(services, async () => {})
  expect(await makeAdminKey(endingFirst(another))).toBeUndefined()
  expect(readFileSync(file, 'utf8')).toBe('')
})

test('gives way to the one that is made when nobody else was there', async () => {
  expect(await makeAdminKey(endingFirst(async () => {}))).toContain(file)
  expect(readFileSync(file, 'utf8')).toMatch(/^lk_live_\w+\n$/)
})
