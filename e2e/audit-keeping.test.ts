/** What an operator does with the audit chain from the server: prune it, and accept one that does not hold. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import { createHome, type Home } from './running.ts'

let home: Home
beforeEach(async () => {
  home = createHome()
  expect((await home.run(['bootstrap'])).exitCode).toBe(0)
})
afterEach(() => home.dispose())

function changeByHand(sql: string): void {
  const database = new DatabaseSync(join(home.dataDir, 'latchkey.db'))
  database.exec(sql)
  database.close()
}

describe('latchkey audit prune', () => {
  const prune = (before: string, file: string) =>
    home.run(['audit', 'prune', '--before', before, '--export', file])
  const today = () => new Date().toISOString()

  it('writes what is old into a file for nobody else, and the chain still holds', async () => {
    const file = join(home.directory, 'events.ndjson')
    const { stdout } = await home.run(['audit', 'verify', '--json'])
    const { companyId, events } = JSON.parse(stdout)[1]
    const all = (await home.run(['audit', 'export', '--company', companyId])).stdout
    expect(await prune(today(), file)).toEqual({
      exitCode: 0,
      stdout: `Pruned ${events} events of 1 company, which are in ${file}. Next: latchkey audit checkpoint\n`,
      stderr: '',
    })
    expect(readFileSync(file, 'utf8')).toBe(all)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const verified = await home.run(['audit', 'verify'])
    expect(verified).toMatchObject({ exitCode: 0, stdout: '1 company, 1 event: every chain holds.\n' })
    const again = await prune(today(), file)
    expect(again).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('exists already') })
  })

  it('says when there is nothing to do, and leaves no file', async () => {
    const file = join(home.directory, 'events.ndjson')
    const answer = await prune('2020-01-01', file)
    expect(answer).toEqual({ exitCode: 0, stdout: 'There is nothing from before that.\n', stderr: '' })
    expect(existsSync(file)).toBe(false)
  })

  it('prunes nothing of a store that does not hold', async () => {
    const file = join(home.directory, 'events.ndjson')
    changeByHand("UPDATE audit_events SET action = 'key.read' WHERE sequence = 2")
    expect(await prune(today(), file)).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: 'latchkey: Not every chain holds, so nothing is pruned: latchkey audit verify.\n',
    })
    expect(existsSync(file)).toBe(false)
  })

  test.each(['yesterday', '2026-02-30', '2026-13-01', '01.02.2026', '2999-01-01'])(
    'refuses %s as a date in one sentence',
    async (date) => {
      const answer = await prune(date, join(home.directory, 'events.ndjson'))
      expect(answer).toMatchObject({ exitCode: 2, stdout: '' })
      expect(answer.stderr).toMatch(/must be a date, such as 2026-01-01|is in the future/)
    },
  )
})

describe('latchkey audit accept', () => {
  it('says that there is nothing to accept', async () => {
    const answer = await home.run(['audit', 'accept'])
    expect(answer).toMatchObject({ exitCode: 0, stderr: '' })
    expect(answer.stdout).toMatch(/every chain holds\.\nThere is nothing to accept\.\n$/)
  })

  it('names what does not fit, and goes on from there', async () => {
    changeByHand("UPDATE audit_events SET action = 'key.read' WHERE sequence = 2")
    expect((await home.run(['audit', 'verify'])).exitCode).toBe(1)
    const accepted = await home.run(['audit', 'accept'])
    expect(accepted).toMatchObject({ exitCode: 0, stderr: '' })
    expect(accepted.stdout).toMatch(
      /the chain breaks at event evt_\w+ \(number 2\): its contents.*\nAccepted, and written down\. Next: latchkey audit checkpoint\n$/,
    )
    const verified = await home.run(['audit', 'verify'])
    expect(verified).toMatchObject({ exitCode: 0, stderr: '' })
    expect(verified.stdout).toMatch(
      /1 break accepted on the server\.\n1 company, \d+ events: every chain holds\.\n$/,
    )
    changeByHand("UPDATE audit_events SET action = 'key.read' WHERE sequence = 3")
    expect((await home.run(['audit', 'verify'])).exitCode).toBe(1)
  })
})
