import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildDist } from './build-dist.ts'

const HELP = `Builds the package, lets npm install it in an empty folder, and runs the end-to-end tests with that.

  npm run test:dist                        all of e2e
  npm run test:dist -- e2e/kill.test.ts    one file; whatever else vitest takes
`

const ROOT = fileURLToPath(new URL('..', import.meta.url))

const given = process.argv.slice(2)
if (given.includes('--help') || given.includes('-h')) console.log(HELP)
else process.exitCode = await run(given.length === 0 ? ['e2e'] : given)

async function run(args: readonly string[]): Promise<number> {
  const home = mkdtempSync(join(tmpdir(), 'latchkey-dist-'))
  try {
    // Some tests run it as another user.
    chmodSync(home, 0o755)
    const built = join(home, 'built')
    mkdirSync(built)
    const { archive } = await buildDist(built)
    // A folder is one of npm's when it says so; else the packages go into the first one above it that does.
    const installed = join(home, 'installed')
    mkdirSync(installed)
    execFileSync('npm', ['install', '--prefix', installed, '--offline', '--no-audit', '--no-fund', archive], {
      cwd: installed,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const env = { ...process.env, E2E_PROGRAM: join(installed, 'node_modules/latchkey/bin/latchkey.js') }
    const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
    const { status } = spawnSync(process.execPath, [vitest, 'run', '--project', 'e2e', ...args], {
      cwd: ROOT,
      env,
      stdio: 'inherit',
    })
    return status ?? 1
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}
