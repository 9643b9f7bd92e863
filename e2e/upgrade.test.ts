import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { call } from './calling.ts'
import { createHome, type Home } from './running.ts'

let home: Home
let key: string

/** A store as the release before left it. */
beforeEach(async () => {
  home = createHome()
  const service = await home.serve()
  key = home.adminKey()
  await service.stop()
  const database = new DatabaseSync(join(home.dataDir, 'latchkey.db'))
  database.exec(
    `ALTER TABLE head DROP COLUMN leaseholder; DELETE FROM migrations WHERE name = '0002-leaseholder'`,
  )
  database.close()
})
afterEach(() => home.dispose())

it('several that start at once bring a store of the release before to the schema of this one', async () => {
  const ended = await Promise.all(Array.from({ length: 3 }, () => home.run(['migrate'])))
  expect(ended.map(({ exitCode, stderr }) => ({ exitCode, stderr }))).toEqual(
    Array(3).fill({ exitCode: 0, stderr: '' }),
  )
  const { url } = await home.serve()
  expect((await call(url, { path: '/me', key })).status).toBe(200)
})
