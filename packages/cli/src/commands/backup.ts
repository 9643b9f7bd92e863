import { resolve } from 'node:path'
import type { Command } from 'commander'
import { createProgress } from '../progress.ts'

export function registerBackup(program: Command): void {
  program
    .command('backup')
    .description('Copy the embedded store into a file, while the service runs.')
    .argument('<file>', 'where to; must not exist')
    .addHelpText(
      'after',
      '\nThe server secret is not in the backup: keep a copy of it elsewhere. Without it no stored key can be verified.\n',
    )
    .action(backupStore)
  program
    .command('restore')
    .description('Put a backup in the place of the embedded store. Stop the service first.')
    .argument('<file>', 'a file that latchkey backup made')
    .addHelpText(
      'after',
      '\nWhat was revoked after the backup was made is not revoked in it: look through it before you start.\n' +
        'The store that was there is kept beside the restored one.\n',
    )
    .action(restoreStore)
}

async function backupStore(file: string): Promise<void> {
  const { backupSqlite, readConfig, storeFileOf } = await import('@latchkey/server')
  const { config } = readConfig()
  const progress = createProgress('Copying')
  await backupSqlite(storeFileOf(config.dataDir), resolve(file), progress.show).finally(progress.clear)
  process.stdout.write(
    `Backed up to ${resolve(file)}, and checked. Keep the server secret with it, in another place.\n`,
  )
}

async function restoreStore(file: string): Promise<void> {
  const { ConfigError, readConfig, restoreSqlite, storeFileOf } = await import('@latchkey/server')
  const { config } = readConfig()
  if (await isAnswering(config.host, config.port)) {
    throw new ConfigError(`A service answers on ${config.host}:${config.port}: stop it first, then restore.`)
  }
  const suffix = `before-restore-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`
  const kept = restoreSqlite(resolve(file), storeFileOf(config.dataDir), suffix)
  process.stdout.write(
    `Restored. ${kept === undefined ? '' : `The store that was there is ${kept}. `}` +
      'Keys that were deleted after the backup was made are active again: check them. Next: latchkey doctor, then latchkey serve\n',
  )
}

/** Whether something of ours is listening where the settings say. */
async function isAnswering(host: string, port: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://${host.includes(':') ? `[${host}]` : host}:${port}/healthz`, {
      signal: AbortSignal.timeout(1_000),
    })
    return answer.ok
  } catch {
    // Nothing there is what is hoped for; a store in use by another port is found by its lock.
    return false
  }
}
