export { type Bootstrapped, bootstrap } from './bootstrap.ts'
export { type Config, ConfigError, isRunByNpm, readConfig, type SecretSource } from './config.ts'
export { type ConsoleLink, makeConsoleLinkOnHost } from './console-link-on-host.ts'
export { prepareDataDir } from './data-dir.ts'
export {
  acceptBrokenAudit,
  acceptRestored,
  createKeyOnHost,
  deleteKeyOnHost,
  exportAuditEvents,
  getKeyOnHost,
  isBootstrapped,
  listOperatorUsers,
  noteKeyPrefix,
  rotateKeyOnHost,
  sealOlderStore,
  setPasswordOnHost,
} from './host.ts'
export { isConsoleBuilt } from './http/console/files.ts'
export { assertStoreMade, isStoreMade, storeFileOf } from './open-store.ts'
export { secretFileOf } from './server-secret.ts'
export { createServices, type Services } from './services.ts'
export { assertPortFree, type RunningServer, startServer } from './start.ts'
export { explainWriteError, sentenceOf } from './storage/disk-fault.ts'
export { StoreError } from './storage/engine.ts'
export { answerWorkersMetrics } from './telemetry/worker-metrics.ts'
