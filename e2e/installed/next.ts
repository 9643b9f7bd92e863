import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Settings } from './api.ts'
import { startApplication } from './application.ts'

const run = promisify(execFile)
const NEXT = 'node_modules/next/dist/bin/next'
/** Nothing is told to anybody, and nothing asked of a network. */
const QUIET = { NEXT_TELEMETRY_DISABLED: '1', PATH: process.env.PATH ?? '' }

export const NEXT_VERSIONS = { next: '16.4.6', react: '19.3.1', 'react-dom': '19.3.1' }

/** As a build does it elsewhere, where there is neither a service nor a key. */
export async function buildNext(cwd: string): Promise<void> {
  const elsewhere = { LATCHKEY_URL: 'http://127.0.0.1:9', LATCHKEY_API_KEY: 'lk_live_of_the_build' }
  const env = { ...QUIET, ...elsewhere, JUDGE: 'verifier' }
  await run(process.execPath, [NEXT, 'build'], { cwd, env })
}

/** Answers where it listens. */
export function startNext(mode: 'start' | 'dev', judge: string, cwd: string, settings: Settings) {
  return startApplication(
    [process.execPath, NEXT, mode, '--hostname', '127.0.0.1', '--port', '0'],
    cwd,
    { ...QUIET, ...settings, JUDGE: judge },
    /Local: +(http:\S+)/,
  )
}
