/** Look-ups that share a snapshot: they may see what was there when the first began, and nothing that is older than a look. */
import { DatabaseSync } from 'node:sqlite'
import type { KeyId } from '@latchkey/core/ids'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startTestServer, type TestService } from '../harness.ts'

let server: TestService
let other: DatabaseSync

beforeEach(async () => {
  server = await startTestServer()
  other = new DatabaseSync(server.services.engine.place, { enableForeignKeyConstraints: false })
})
afterEach(async () => {
  other.close()
  await server.dispose()
})

const REVISION = 1_000

/** As another process of the same file does. */
function deleteElsewhere(): void {
  other.prepare('DELETE FROM keys WHERE id = ?').run(server.admin.keyId)
  other.prepare('UPDATE head SET revision = ?').run(REVISION)
}

const together = (work: () => void) => server.services.engine.verification.together!(work)
const isFound = () => server.services.engine.verification.findKey(server.admin.keyId as KeyId) !== undefined

test('what is looked up together is read from one snapshot, which ends with it', () => {
  const found: boolean[] = []
  together(() => {
    found.push(isFound())
    deleteElsewhere()
    found.push(isFound())
  })
  expect([...found, isFound()]).toEqual([true, true, false])
})

test('it ends when something is thrown, too', () => {
  const work = () => {
    isFound()
    throw new Error('a bug')
  }
  expect(() => together(work)).toThrow('a bug')
  deleteElsewhere()
  expect(isFound()).toBe(false)
})

function asked() {
  const { changes } = server.services.engine
  if (changes.kind !== 'asked') throw new Error('of another store')
  return changes
}

test.each<readonly [string, () => unknown, unknown]>([
  ['changesSince', () => asked().changesSince(0)?.revision, REVISION],
  ['isAccepted', () => asked().isAccepted(), true],
  ['observe', () => asked().followed.observe(0), expect.objectContaining({ revision: REVISION })],
])('a key is not older than a look at the head that came before it: %s', async (_name, look, expected) => {
  const found: boolean[] = []
  let seen: unknown
  together(() => {
    found.push(isFound())
    deleteElsewhere()
    seen = look()
    found.push(isFound())
  })
  expect(found).toEqual([true, false])
  expect(await seen).toEqual(expected)
})
