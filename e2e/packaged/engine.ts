import { execFile } from 'node:child_process'
import { copyFileSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { NODE } from '../program.ts'
import type { Ran } from './debian-machine.ts'

const run = promisify(execFile)
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024

/** What a line does whose `docker` is podman. */
export function engine(line: string): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(
      'bash',
      ['-c', `docker() { podman "$@"; }\n${line}`],
      { maxBuffer: OUTPUT_BYTES_MAX },
      (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr }),
    )
  })
}

/** Throws Error with all that was said, for an end that is not 0. */
export async function must(line: string): Promise<string> {
  const { code, stdout, stderr } = await engine(line)
  if (code !== 0) throw new Error(`${line}: ${code}\n${stdout}${stderr}`)
  return stdout
}

/** Stands in for the base image where none can be fetched: a Debian with the Node that the project pins, and an npm. */
export async function makeBase(name: string, root: string): Promise<void> {
  await run('debootstrap', ['--variant=minbase', 'stable', root], { maxBuffer: OUTPUT_BYTES_MAX })
  const local = join(root, 'usr/local')
  copyFileSync(NODE, join(local, 'bin/node'))
  const npm = process.env.npm_execpath
  if (npm === undefined) throw new Error('npm is copied from the one that runs this: npm run test:image')
  cpSync(dirname(dirname(npm)), join(local, 'lib/node_modules/npm'), { recursive: true, dereference: true })
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(local, 'bin/npm'))
  await takeNpmSettings(local)
  // As in the image it stands for.
  await run('chroot', [root, 'useradd', '--uid', '1000', '--user-group', '--create-home', 'node'])
  await must(`tar -C '${root}' -c . | podman import --change 'CMD ["node"]' - ${name}`)
}

/** Where this machine gets its packages from, and whom it trusts there. */
async function takeNpmSettings(local: string): Promise<void> {
  const { stdout: registry } = await run('npm', ['config', 'get', 'registry'])
  mkdirSync(join(local, 'etc'), { recursive: true })
  const trusted = process.env.NODE_EXTRA_CA_CERTS
  if (trusted !== undefined) copyFileSync(trusted, join(local, 'etc/npm-ca.crt'))
  const lines = [`registry=${registry.trim()}`, ...(trusted ? ['cafile=/usr/local/etc/npm-ca.crt'] : [])]
  writeFileSync(join(local, 'etc/npmrc'), `${lines.join('\n')}\n`)
}
