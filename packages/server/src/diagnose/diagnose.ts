import { type Config, readConfig, type SecretSource } from '../config.ts'
import { storeFileOf } from '../open-store.ts'
import { diagnoseClock } from './clock.ts'
import { diagnoseDataDir, diagnoseDisk } from './data-dir.ts'
import { diagnoseDatabase, diagnoseIntegrity } from './database.ts'
import { type Finding, problem, reasonOf } from './finding.ts'
import { probe } from './probe.ts'
import { diagnosePort, diagnoseProxies } from './proxies.ts'
import { diagnoseServerSecret } from './server-secret.ts'
import { inspectStore, type StoreState } from './store-state.ts'

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
  const store = inspectStore(storeFileOf(config.dataDir))
  try {
    yield* diagnoseFiles(config, secretSource, store, onProgress)
  } finally {
    if (store.kind === 'open') store.database.close()
  }
  const answer = await probe(config)
  yield diagnoseProxies(config, answer)
  yield await diagnosePort(config, answer)
  yield diagnoseDisk(config.dataDir)
}

async function* diagnoseFiles(
  { dataDir }: Pick<Config, 'dataDir'>,
  secretSource: SecretSource,
  store: StoreState,
  onProgress: OnProgress,
): AsyncGenerator<Finding> {
  yield diagnoseClock(store, Date.now())
  yield diagnoseDataDir(dataDir)
  yield diagnoseServerSecret(secretSource, store)
  yield* diagnoseDatabase(store)
  yield* diagnoseIntegrity(store, onProgress)
}
