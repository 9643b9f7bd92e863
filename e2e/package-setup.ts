import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildDist } from '../scripts/build-dist.ts'

/**
 * The tests start what people install, which also starts in half the time: the package, built from this source, unless
 * `E2E_PROGRAM` names another launcher.
 */
export async function setup(): Promise<(() => void) | undefined> {
  if (process.env.E2E_PROGRAM !== undefined) return undefined
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-package-'))
  // Some tests run it as another user.
  chmodSync(directory, 0o755)
  const built = await buildDist(directory)
  process.env.E2E_PROGRAM = join(built.directory, 'bin/latchkey.js')
  return () => {
    delete process.env.E2E_PROGRAM
    rmSync(directory, { recursive: true, force: true })
  }
}
