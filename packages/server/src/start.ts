import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { setInterval } from 'node:timers'
import { setTimeout as sleep } from 'node:timers/promises'
import { dayOf } from '@latchkey/core/calendar'
import { isRepeatable } from '@latchkey/core/repeatable'
import { logCheckpoint } from './audit/checkpoint-log.ts'
import { type Config, ConfigError } from './config.ts'
import type { Services } from './services.ts'
import { createPause } from './storage/short-turns.ts'
import { deleteExpiredIdempotency } from './storage/tables/idempotency.ts'
import { trimLog } from './storage/tables/log.ts'
import { deleteExpiredPeople } from './storage/tables/people.ts'
import type { Db } from './storage/tables/schema.ts'
import { deleteOldReports, sumOldDays } from './storage/tables/usage-retention.ts'

const SWEEP_MS = 10 * 60 * 1_000
/** Whoever can write to the database can take back unseen what was recorded since the last checkpoint. */
const CHECKPOINT_MS = 60 * 1_000

/** A report that could not be written is tried again for minutes, not for days. */
const REPORTS_KEPT_MS = 24 * 60 * 60 * 1_000

export type RunningServer = {
  /** Where it listens, e.g. http://127.0.0.1:7070. */
  readonly url: string
  /** Why it cannot do its work yet, although it listens; undefined: it can. */
  readonly unready: string | undefined
  /** Goes on serving for `LATCHKEY_DRAIN_SECONDS`, and says to balancers that it leaves. */
  drain(): Promise<void>
  /** Stops taking connections, answers what is under way, stores what is noted, closes the store. */
  stop(): Promise<void>
}

/** Whether the port can be had, before anything is made for a service that could not start. Throws ConfigError. */
export async function assertPortFree({ host, port }: Pick<Config, 'host' | 'port'>): Promise<void> {
  const probe = createServer()
  try {
    await once(probe.listen({ host, port, exclusive: true }), 'listening')
  } catch (error) {
    throw explainListen(error as NodeJS.ErrnoException, host, port)
  }
  probe.close()
  await once(probe, 'close')
}

/**
 * Listens, as the only process of its service or as one of several. Throws ConfigError with one sentence when
 * the port cannot be had.
 */
export async function startServer(
  services: Services,
  { isAlone }: { readonly isAlone: boolean },
): Promise<RunningServer> {
  const { config, events, engine, revocations, traces } = services
  // Loaded here, because it is half of all code and commands on the host do not need it.
  const { createApp } = await import('./app.ts')
  const app = createApp(services)
  const address = await app.listen(config).catch((error: NodeJS.ErrnoException) => {
    throw explainListen(error, config.host, config.port)
  })
  await revocations.start({ isAlone })
  const sweep = setInterval(() => {
    sweepOnce(services).catch(events.sweepFailed)
  }, SWEEP_MS)
  sweep.unref()
  const checkpoints = keepCheckpoints(services)
  if (traces?.areHeard === false) events.tracesUnheard()
  const url = urlOf(address)
  const unready = (await app.readiness())?.detail
  if (unready === undefined) events.started({ url, store: engine.store })
  else events.startedUnready({ url, store: engine.store, reason: unready })
  return {
    url,
    unready,
    async drain() {
      app.leave()
      await sleep(config.drainSeconds * 1_000)
    },
    async stop() {
      clearInterval(sweep)
      await app.close()
      await checkpoints.stop()
      await services.dispose()
      events.stopped()
    },
  }
}

/** A write for each some hundred rows: there may be any number, and others get their turn. */
async function sweepOnce({ engine, clock, config }: Services): Promise<void> {
  const nowMs = clock.nowMs()
  const keptFrom = dayOf(nowMs) - config.usageDays + 1
  const pause = createPause()
  await engine.write((db) => deleteExpiredPeople(db, nowMs))
  const steps: readonly ((db: Db) => Promise<boolean>)[] = [
    (db) => deleteExpiredIdempotency(db, nowMs),
    trimLog,
    (db) => deleteOldReports(db, nowMs - REPORTS_KEPT_MS),
    (db) => sumOldDays(db, keptFrom, pause),
  ]
  for (const step of steps) {
    for (let isMore = true; isMore; ) isMore = (await engine.write(step)).value
  }
}

/** Logs what became of the audit chains: now and then, and at the end. */
function keepCheckpoints({ engine, chain, clock, events }: Services): { stop(): Promise<void> } {
  const logOnce = () =>
    logCheckpoint({
      engine,
      chain,
      clock,
      onCheckpoint: events.auditCheckpoint,
      onBroken: events.auditBroken,
    }).catch(events.checkpointFailed)
  const interval = setInterval(() => void logOnce(), CHECKPOINT_MS)
  interval.unref()
  return {
    stop: async () => {
      clearInterval(interval)
      await logOnce()
    },
  }
}

function urlOf({ address, family, port }: AddressInfo): string {
  const isEverywhere = address === '0.0.0.0' || address === '::'
  const host = isEverywhere ? 'localhost' : family === 'IPv6' ? `[${address}]` : address
  return `http://${host}:${port}`
}

function explainListen(error: NodeJS.ErrnoException, host: string, port: number): ConfigError {
  if (error.code === 'EADDRINUSE') {
    return new ConfigError(
      `Port ${port} on ${host} is in use by another process: stop it, or set PORT to a free one.`,
    )
  }
  if (error.code === 'EACCES') {
    return new ConfigError(`Port ${port} needs more rights than this process has: set PORT to 1024 or above.`)
  }
  if (error.code !== undefined && NO_ADDRESS.has(error.code)) {
    const shown = isRepeatable(host) ? `${host} ` : ''
    return new ConfigError(
      `HOST ${shown}is not an address of this machine: use 127.0.0.1, or 0.0.0.0 for all.`,
    )
  }
  return new ConfigError(
    `The server cannot listen on HOST ${host}, PORT ${port} (${error.message}): set them to what this machine has.`,
  )
}

const NO_ADDRESS = new Set(['EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL'])
