import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildDist } from '../scripts/build-dist.ts'

/** The package, built anew, as npm lays it out: compiled code is then kept beside it. */
export async function buildPacked(): Promise<Disposable & { readonly launcher: string }> {
  const home = mkdtempSync(join(tmpdir(), 'latchkey-bench-'))
  const { directory } = await buildDist(join(home, 'node_modules'))
  return {
    launcher: join(directory, 'bin/latchkey.js'),
    [Symbol.dispose]: () => rmSync(home, { recursive: true, force: true }),
  }
}
