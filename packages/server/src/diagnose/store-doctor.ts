import { resolve } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Clock } from '@latchkey/core/clock'
import type { Config, SecretSource } from '../config.ts'
import { storeFileOf } from '../open-store.ts'
import { diagnoseClock } from './clock.ts'
import { type Finding, problem, reasonOf, warning } from './finding.ts'
import { diagnosePostgres } from './postgres.ts'
import type { StoreLook } from './store-worker.ts'
import { diagnoseUsage } from './usage.ts'

/** What was found in the store, and when somebody began to look. */
export type StoreFindings = { readonly atMs: number; readonly findings: readonly Finding[] }

type Deps = { readonly config: Config; readonly secretSource: SecretSource; readonly clock: Clock }

/** A page does not wait longer. */
const LOOK_MS_MAX = 20_000
/** Whoever asks again sooner gets the same findings. */
const KEPT_MS = 10_000
/** About a second of one core, and of what the disk can do. */
const READ_BYTES_MAX = 128 * 1024 * 1024

/**
 * Looks for what `latchkey doctor` finds in the store, while the service runs. There is one look at a time, which all
 * who ask share, and which takes no longer than a page waits.
 */
export function createStoreDoctor(
  { config, secretSource, clock }: Deps,
  { lookMsMax = LOOK_MS_MAX, readBytesMax = READ_BYTES_MAX } = {},
): () => Promise<StoreFindings> {
  let last: { readonly atMs: number; readonly found: Promise<StoreFindings> } | undefined
  let isLooking = false
  const begin = (tell: Tell, signal: AbortSignal): Promise<void> => {
    const { databaseUrl } = secretSource
    if (databaseUrl !== null) return lookAtServer(databaseUrl, config, { clock, lookMsMax }, tell)
    const file = resolve(storeFileOf(config.dataDir))
    const clockOffsetMs = clock.nowMs() - Date.now()
    const { usageDays, keyPrefix } = config
    return lookAtFile({ file, clockOffsetMs, usageDays, keyPrefix, readBytesMax }, tell, signal)
  }
  return () => {
    const nowMs = clock.nowMs()
    if (last !== undefined && (isLooking || nowMs - last.atMs < KEPT_MS)) return last.found
    isLooking = true
    const found = within(lookMsMax, (tell, signal) =>
      begin(tell, signal).finally(() => {
        isLooking = false
      }),
    )
    last = { atMs: nowMs, found: found.then((findings) => ({ atMs: nowMs, findings })) }
    return last.found
  }
}

type Tell = (finding: Finding) => void

/** What was found by then is told, and that there may be more. */
async function within(
  lookMsMax: number,
  look: (tell: Tell, signal: AbortSignal) => Promise<void>,
): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  const ending = new AbortController()
  const late = Promise.withResolvers<'late'>()
  const timer = setTimeout(() => late.resolve('late'), lookMsMax)
  const done = look((finding) => findings.push(finding), ending.signal)
  const outcome = await Promise.race([done.catch(reasonOf), late.promise])
  clearTimeout(timer)
  ending.abort()
  const remedy = 'Run npx latchkey doctor on the server: it takes the time that it needs.'
  if (outcome === undefined) return findings
  if (outcome !== 'late')
    return [...findings, problem('store', `It could not be looked at (${outcome}).`, remedy)]
  return [
    ...findings,
    warning('store', `It was not looked through within ${lookMsMax / 1_000} seconds.`, remedy),
  ]
}

/** In a thread of its own, since SQLite answers nobody else meanwhile. */
async function lookAtFile(look: StoreLook, tell: Tell, signal: AbortSignal): Promise<void> {
  const worker = new Worker(new URL('./store-worker.ts', import.meta.url), { workerData: look })
  signal.addEventListener('abort', () => void worker.terminate())
  worker.on('message', tell)
  await new Promise<void>((done, fail) => {
    worker.once('error', fail)
    worker.once('exit', () => done())
  })
}

type ServerLook = { readonly clock: Clock; readonly lookMsMax: number }

/** On a connection of its own, which the server ends with each statement that takes too long. */
async function lookAtServer(
  databaseUrl: string,
  config: Config,
  { clock, lookMsMax }: ServerLook,
  tell: Tell,
): Promise<void> {
  const { inspectPostgres } = await import('../storage/postgres/inspection.ts')
  const state = await inspectPostgres(databaseUrl, config.databaseAcceptOff, lookMsMax)
  tell(diagnoseClock(state.newestMs, clock.nowMs()))
  for (const finding of diagnosePostgres(state, config)) tell(finding)
  if (state.usage !== undefined) tell(diagnoseUsage(state.usage, config.usageDays))
}
