import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)
const RETRY_MS = 100
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024

export type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string }

/** A Debian with systemd as process 1, in a container. Its network is its own, and leads nowhere. */
export type Machine = {
  /** What a line typed by root does. */
  sh(line: string): Promise<Ran>
  /** Throws Error with all that was said, for an end that is not 0. */
  must(line: string): Promise<string>
  stop(): Promise<void>
}

/** Makes the root of a Debian stable: half of it comes over the network. */
export async function installDebian(root: string): Promise<void> {
  const also = 'adduser,curl,dbus,sudo,systemd-sysv'
  await run('debootstrap', ['--variant=minbase', `--include=${also}`, 'stable', root], {
    maxBuffer: OUTPUT_BYTES_MAX,
  })
}

/** `packages` is seen as /mnt. */
export async function boot(root: string, packages: string): Promise<Machine> {
  // Where systemd does not run, nobody registers a machine.
  const alone = existsSync('/run/systemd/system') ? [] : ['--register=no', '--keep-unit']
  const args = ['--quiet', '--boot', '--private-network', `--bind-ro=${packages}:/mnt`, `--directory=${root}`]
  const child = spawn('systemd-nspawn', [...args, `--machine=latchkey-${process.pid}`, ...alone], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (said += String(bytes)))
  const ended = once(child, 'exit')
  const sh = async (line: string): Promise<Ran> => {
    if (child.exitCode !== null) throw new Error(`The container has ended: ${said}`)
    const first = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim()
    return inside(first, line)
  }
  while ((await sh('systemctl is-system-running --wait')).stdout !== 'running\n') await wait(RETRY_MS)
  return {
    sh,
    async must(line) {
      const { code, stdout, stderr } = await sh(line)
      if (code !== 0) throw new Error(`${line}: ${code}\n${stdout}${stderr}`)
      return stdout
    },
    async stop() {
      // An order to shut down in order.
      child.kill('SIGTERM')
      await ended
    },
  }
}

function inside(pid: string, line: string): Promise<Ran> {
  const env = [
    'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
    'HOME=/root',
    'DEBIAN_FRONTEND=noninteractive',
    'LC_ALL=C',
  ]
  const args = ['--target', pid, '--all', '--', 'env', '-i', ...env, 'sh', '-c', `cd /; ${line}`]
  return new Promise((resolve) => {
    const child = execFile('nsenter', args, { maxBuffer: OUTPUT_BYTES_MAX }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr }),
    )
    // Nobody answers what a program asks.
    child.stdin?.end()
  })
}
