/** The repository runs without a build; all other tests here start the package that is made of it. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { call } from './calling.ts'
import { createHome, type Home } from './running.ts'

let home: Home

beforeAll(() => {
  home = createHome(join(import.meta.dirname, '../packages/cli/bin/latchkey.js'))
})
afterAll(() => home.dispose())

it.each(['1', '2'])(
  'serves from the source with %s worker(s), and its commands run beside it',
  async (count) => {
    const service = await home.serve({ settings: { LATCHKEY_WORKERS: count } })
    const key = home.adminKey()
    expect(await call(service.url, { path: '/keys', key })).toMatchObject({ status: 200, body: { total: 1 } })
    expect((await fetch(`${service.url}/console/`)).status).toBe(200)
    const copy = join(home.directory, `copy-${count}.db`)
    expect(await home.run(['backup', copy])).toMatchObject({ exitCode: 0, stderr: '' })
    expect(await home.run(['audit', 'verify'])).toMatchObject({ exitCode: 0, stderr: '' })
    expect((await service.stop()).exitCode).toBe(0)
  },
)
