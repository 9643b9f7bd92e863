import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildDist } from './build-dist.ts'

const HELP = `Builds the package, lets npm install it in an empty folder, and runs the end-to-end tests with that.

  npm run test:dist                        all of e2e
  npm run test:dist -- e2e/kill.test.ts    one file; whatever else vitest takes
  npm run test:dist -- --node 26 e2e/packed.test.ts
                                           the package run by another Node, which npm fetches
`

const ROOT = fileURLToPath(new URL('..', import.meta.url))

const given = process.argv.slice(2)
if (given.includes('--help') || given.includes('-h')) console.log(HELP)
else process.exitCode = await run(...readNode(given))

/** The version after --node, and what is left for vitest. */
function readNode(args: readonly string[]): [node: string | undefined, rest: readonly string[]] {
  const at = args.indexOf('--node')
  return at === -1 ? [undefined, args] : [args[at + 1] ?? '', args.toSpliced(at, 2)]
}

async function run(node: string | undefined, args: readonly string[]): Promise<number> {
  const home = mkdtempSync(join(tmpdir(), 'latchkey-dist-'))
  try {
    // Some tests run it as another user.
    chmodSync(home, 0o755)
    const built = join(home, 'built')
    mkdirSync(built)
    const { archive } = await buildDist(built)
    const packages = install(join(home, 'installed'), ['--offline', archive])
    const env = { ...process.env, E2E_PROGRAM: join(packages, 'latchkey/bin/latchkey.js') }
    if (node !== undefined) {
      const program = join(install(join(home, 'node'), [`node@${node}`]), 'node/bin/node')
      console.log(`run by Node ${execFileSync(program, ['--version'], { encoding: 'utf8' })}`)
      Object.assign(env, { E2E_NODE: program })
    }
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

/** Answers where the packages are. A Node comes by a script, which npm 12 runs only where its name is. */
function install(folder: string, args: readonly string[]): string {
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ allowScripts: { node: true } }))
  execFileSync('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', ...args], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return join(folder, 'node_modules')
}
