import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Target } from '../rounds.ts'
import { type Running, startScript } from '../running.ts'
import { PEER_SETTINGS } from './peer-settings.ts'

const SCRIPT = join(import.meta.dirname, 'better-auth.mjs')

/** Where better-auth has its keys, and how it is set up: as it comes, or with all that makes it quick. */
export type Setting = {
  readonly name: string
  readonly file?: string
  readonly url?: string
  readonly isBest: boolean
  /** Keys that will be asked for, the first ones. */
  readonly inUse: number
}

/** A store of its own, with its keys in it. */
export type PeerStore = { readonly setting: Setting; readonly made: string }

export function fillPeer(setting: Setting, keys: number): PeerStore {
  const args = [SCRIPT, JSON.stringify({ ...setting, keys, task: 'fill' })]
  const made = execFileSync(process.execPath, args, { encoding: 'utf8', cwd: import.meta.dirname })
  return { setting, made: made.trim().split('\n').at(-1) ?? '' }
}

/** Its server: as little HTTP around it as there can be. */
export function startPeer({ setting, made }: PeerStore): Promise<Running> {
  return startScript(
    [SCRIPT, JSON.stringify({ ...setting, task: 'serve' }), made],
    PEER_SETTINGS,
    /^port (\d+)$/m,
  )
}

/** A process that verifies in a loop, whenever it is told to. */
export type Loop = AsyncDisposable & { readonly rate: Target }

export async function startLoop({ setting }: PeerStore, options: { readonly ms: number }): Promise<Loop> {
  const args = [SCRIPT, JSON.stringify({ ...setting, task: 'loop' }), JSON.stringify(options)]
  const env = { ...process.env, ...PEER_SETTINGS }
  const child = spawn(process.execPath, args, { env, stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  // Two that write to one file at a time would be in each other's way.
  const { value: ready } = await lines.next()
  if (ready !== 'ready') throw new Error(`better-auth answered: ${ready}`)
  return {
    async rate() {
      child.stdin.write('go\n')
      const { value } = await lines.next()
      const found = /^rate ([\d.e+]+)$/.exec(String(value))?.[1]
      if (found === undefined) throw new Error(`better-auth answered: ${value}`)
      return Number(found)
    },
    async [Symbol.asyncDispose]() {
      // One that failed is gone, and would be waited for without end.
      if (child.exitCode !== null) return
      const exited = once(child, 'exit')
      child.stdin.end('end\n')
      await exited
    },
  }
}
