import { execFile } from 'node:child_process'
import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { buildClient } from '../../scripts/build-client.ts'

const run = promisify(execFile)
/** A registry that is silent is a failure that names the command, and no hang. Milliseconds. */
export const NPM_MS_MAX = 240_000
const QUIET = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline']

/** Packs the client as it is published; answers the file. */
export async function packClient(directory: string): Promise<string> {
  const built = join(directory, 'built')
  await buildClient(built)
  const { stdout } = await run('npm', ['pack', '--silent', built], { cwd: directory })
  return join(directory, stdout.trim())
}

/**
 * The packed package in a folder that knows nothing of this repository, beside what the folder asks for; or beside
 * `versions`, which no lock file knows.
 */
export async function installPacked(
  packed: string,
  from: string,
  cwd: string,
  versions?: Readonly<Record<string, string>>,
): Promise<void> {
  cpSync(from, cwd, { recursive: true })
  if (versions === undefined) {
    await run('npm', ['ci', ...QUIET], { cwd, timeout: NPM_MS_MAX })
    await run('npm', ['install', '--no-save', ...QUIET, packed], { cwd, timeout: NPM_MS_MAX })
    return
  }
  rmSync(join(cwd, 'package-lock.json'), { force: true })
  const asked = {
    private: true,
    type: 'module',
    dependencies: { ...versions, '@latchkey/client': `file:${packed}` },
  }
  writeFileSync(join(cwd, 'package.json'), JSON.stringify(asked))
  await run('npm', ['install', ...QUIET], { cwd, timeout: NPM_MS_MAX })
}
