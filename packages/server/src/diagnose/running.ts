import type { Config, SecretSource } from '../config.ts'
import { diagnoseDataDir, diagnoseDisk } from './data-dir.ts'
import { attempt, type Finding } from './finding.ts'
import { diagnoseMetrics, diagnoseProxies } from './proxies.ts'
import { diagnoseServerSecret } from './server-secret.ts'

/**
 * What `latchkey doctor` looks at and a process that runs may look at, too. The file of the embedded store is not: whoever
 * closes it beside the store takes the store's locks away.
 */
export function diagnoseRunning(config: Config, secretSource: SecretSource): Finding[] {
  const isEmbedded = secretSource.databaseUrl === null
  return [
    ...(isEmbedded ? [attempt('data-directory', () => diagnoseDataDir(config.dataDir))] : []),
    // This process saw at its start that the secret is the right one; its file may have been opened to others since.
    attempt('server-secret', () =>
      diagnoseServerSecret(secretSource, { isNew: false, secretCheck: undefined }),
    ),
    diagnoseProxies(config, { kind: 'nobody' }),
    diagnoseMetrics(config),
    ...(isEmbedded ? [attempt('disk', () => diagnoseDisk(config.dataDir))] : []),
  ]
}
