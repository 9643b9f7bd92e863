import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { type Running, startScript } from '../running.ts'
import { PEER_SETTINGS } from './peer-settings.ts'

const SCRIPT = join(import.meta.dirname, 'passport.mjs')

/** An application of Express whose one route passport-headerapikey guards, with so many keys in its table. */
export function startGuardedRoute(file: string, keys: number): Promise<Running> {
  execFileSync(process.execPath, [SCRIPT, JSON.stringify({ file, keys, task: 'fill' })])
  return startScript([SCRIPT, JSON.stringify({ file, task: 'serve' })], PEER_SETTINGS, /^port (\d+)$/m)
}
