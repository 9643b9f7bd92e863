import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { type Built, buildDist } from '../scripts/build-dist.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The package, built from this source. */
    package: Built
  }
}

/**
 * The tests start what people install, which also starts in half the time: the package, built from this source, unless
 * `E2E_PROGRAM` names another launcher.
 */
export async function setup(project: TestProject): Promise<() => void> {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-package-'))
  // Some tests run it as another user.
  chmodSync(directory, 0o755)
  // Where npm installs it: only there it keeps what it has compiled for the next start.
  const packages = join(directory, 'node_modules')
  mkdirSync(packages)
  const built = await buildDist(packages)
  project.provide('package', built)
  const given = process.env.E2E_PROGRAM
  process.env.E2E_PROGRAM = given ?? join(built.directory, 'bin/latchkey.js')
  return () => {
    if (given === undefined) delete process.env.E2E_PROGRAM
    rmSync(directory, { recursive: true, force: true })
  }
}
