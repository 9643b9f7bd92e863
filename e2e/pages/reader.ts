import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../../packages/server/test/free-port.ts'
import { LATCHKEY, NODE } from '../program.ts'
import type { Home } from '../running.ts'
import { ROOT } from './page.ts'

const run = promisify(execFile)
const RECIPES = 'docs/use/gateways'
const A_KEY = /lk_(live|test)_[0-9A-Za-z]{49}/

/** Somebody who pastes what a page says into one shell, in the directory of the repository, on a machine of its own. */
export type Reader = {
  /** Runs everything with `set -eu`: what fails, or is not set, ends it. Rejects when it failed. */
  paste(commands: string): Promise<{ readonly stdout: string; readonly stderr: string }>
  /** Files that are left and hold a whole key, besides the one of the first start. */
  secretsLeft(): string[]
}

/**
 * The machine has `npx latchkey`, the recipes for gateways, a directory for backups, and a `systemctl` for the one
 * service. `port`: where that listens, or will. The other ports that pages name are free ones here.
 */
export async function createReader({ directory, dataDir }: Home, port: number): Promise<Reader> {
  const changes = await changesFor(directory, port)
  const onThisMachine = (text: string) =>
    changes.reduce((changed, [said, meant]) => changed.replaceAll(said, meant), text)
  const bin = join(directory, 'bin')
  const temporary = join(directory, 'tmp')
  for (const made of [bin, temporary, join(directory, 'backups'), join(directory, RECIPES)]) {
    mkdirSync(made, { recursive: true })
  }
  for (const name of readdirSync(join(ROOT, RECIPES))) {
    writeFileSync(
      join(directory, RECIPES, name),
      onThisMachine(readFileSync(join(ROOT, RECIPES, name), 'utf8')),
    )
  }
  writeFileSync(join(bin, 'npx'), NPX, { mode: 0o755 })
  writeFileSync(join(bin, 'systemctl'), systemctl(port), { mode: 0o755 })
  const env = {
    PATH: `${bin}:${dirname(process.execPath)}:${process.env.PATH ?? ''}:/usr/sbin`,
    HOME: directory,
    TMPDIR: temporary,
    LATCHKEY_DATA_DIR: dataDir,
    LATCHKEY_DRAIN_SECONDS: '0',
    PORT: String(port),
  }
  return {
    paste: (commands) => run('sh', ['-c', `set -eu\n${onThisMachine(commands)}`], { cwd: directory, env }),
    secretsLeft: () =>
      filesIn(directory)
        .filter((file) => !file.startsWith(dataDir) && A_KEY.test(readFileSync(file, 'latin1')))
        .map((file) => relative(directory, file)),
  }
}

type Change = readonly [said: string, meant: string]

async function changesFor(directory: string, port: number): Promise<readonly Change[]> {
  const application = await freePort()
  return [
    ['https://keys.example.com', `http://127.0.0.1:${port}`],
    ['127.0.0.1:7070', `127.0.0.1:${port}`],
    ['127.0.0.1:8080', `127.0.0.1:${await freePort()}`],
    ['127.0.0.1:3000', `127.0.0.1:${application}`],
    ['listen(3000,', `listen(${application},`],
    ['/backups/', `${directory}/backups/`],
    ['/elsewhere/', `${directory}/backups/`],
  ]
}

const NPX = `#!/bin/sh
[ "$1" = latchkey ] || { echo "npx $1 would be fetched" >&2; exit 1; }
shift
exec '${NODE}' '${LATCHKEY}' "$@"
`

/** Stops whoever holds the store, and starts the service in its place. */
const systemctl = (port: number): string => `#!/bin/sh
case "$*" in
  'stop latchkey')
    kill "$(cat service.pid)"
    while kill -0 "$(cat service.pid)" 2> /dev/null; do sleep 0.05; done ;;
  'start latchkey')
    npx latchkey serve > service.log 2>&1 < /dev/null &
    echo $! > service.pid
    until curl -s http://127.0.0.1:${port}/healthz > /dev/null; do sleep 0.05; done ;;
  *)
    echo "systemctl $* changes the machine" >&2
    exit 1 ;;
esac
`

const filesIn = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
