import { resolve } from 'node:path'
import { type Config, readConfig, type SecretSource } from '../config.ts'
import { storeFileOf } from '../open-store.ts'
import {
  findKeyBegins,
  findNewestMs,
  findSecretCheck,
  findUsageExtent,
} from '../storage/sqlite/inspection.ts'
import { diagnoseClock } from './clock.ts'
import { diagnoseDataDir, diagnoseDisk } from './data-dir.ts'
import { diagnoseDatabase, diagnoseIntegrity } from './database.ts'
import { attempt, type Finding, problem, reasonOf } from './finding.ts'
import { diagnoseIssuers } from './issuers.ts'
import { diagnoseKeyPrefix } from './key-prefix.ts'
import { diagnosePostgres } from './postgres.ts'
import { probe } from './probe.ts'
import { diagnoseMetrics, diagnosePort, diagnoseProxies } from './proxies.ts'
import { diagnoseServerSecret } from './server-secret.ts'
import { ask, inspectStore, type StoreState } from './store-state.ts'
import { diagnoseUsage } from './usage.ts'

/** Called while the database is being read through: a large one takes its time. */
export type OnProgress = (text: string) => void

/**
 * Looks at the settings and at the machine as the service would meet them, one finding after the other.
 * Changes and creates nothing.
 */
export async function* diagnose(onProgress: OnProgress): AsyncGenerator<Finding> {
  let settings: { readonly config: Config; readonly secretSource: SecretSource }
  try {
    settings = readConfig()
  } catch (error) {
    yield problem('settings', reasonOf(error), 'Correct the setting; the other checks need all of them.')
    return
  }
  const { config, secretSource } = settings
  if (secretSource.databaseUrl === null) yield* diagnoseEmbedded(config, secretSource, onProgress)
  else yield* diagnoseServed(config, secretSource, secretSource.databaseUrl)
  const issuers = await diagnoseIssuers(config)
  if (issuers !== undefined) yield issuers
  const answer = await probe(config)
  yield diagnoseProxies(config, answer)
  yield diagnoseMetrics(config)
  yield await diagnosePort(config, answer)
  if (secretSource.databaseUrl === null) yield attempt('disk', () => diagnoseDisk(config.dataDir))
}

/** A store on a database server. */
async function* diagnoseServed(
  config: Config,
  secretSource: SecretSource,
  databaseUrl: string,
): AsyncGenerator<Finding> {
  const { inspectPostgres } = await import('../storage/postgres/inspection.ts')
  const state = await inspectPostgres(databaseUrl, config.databaseAcceptOff).catch(reasonOf)
  if (typeof state === 'string') {
    yield problem('database', state, 'Then run latchkey doctor again.')
    return
  }
  yield diagnoseClock(state.newestMs, Date.now())
  yield attempt('server-secret', () =>
    diagnoseServerSecret(secretSource, {
      isNew: state.secretCheck === undefined && state.lacking.length === 0,
      ...state,
    }),
  )
  yield* diagnosePostgres(state, config)
  if (state.usage !== undefined) yield diagnoseUsage(state.usage, config.usageDays)
}

async function* diagnoseEmbedded(
  config: Config,
  secretSource: SecretSource,
  onProgress: OnProgress,
): AsyncGenerator<Finding> {
  const store = inspectStore(resolve(storeFileOf(config.dataDir)))
  try {
    yield* diagnoseFiles(config, secretSource, store, onProgress)
  } finally {
    if (store.kind === 'open') store.database.close()
  }
}

async function* diagnoseFiles(
  { dataDir, usageDays, keyPrefix }: Pick<Config, 'dataDir' | 'usageDays' | 'keyPrefix'>,
  secretSource: SecretSource,
  store: StoreState,
  onProgress: OnProgress,
): AsyncGenerator<Finding> {
  yield diagnoseClock(ask(store, findNewestMs), Date.now())
  yield attempt('data-directory', () => diagnoseDataDir(dataDir))
  yield attempt('server-secret', () =>
    diagnoseServerSecret(secretSource, {
      isNew: store.kind === 'absent',
      secretCheck: ask(store, findSecretCheck),
    }),
  )
  yield* diagnoseDatabase(store)
  yield* diagnoseIntegrity(store, onProgress)
  const prefix = diagnoseKeyPrefix(ask(store, findKeyBegins) ?? [], keyPrefix)
  if (prefix !== undefined) yield prefix
  const usage = ask(store, findUsageExtent)
  if (usage !== undefined) yield diagnoseUsage(usage, usageDays)
}
