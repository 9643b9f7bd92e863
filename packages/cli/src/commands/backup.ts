import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Restored } from '@latchkey/server/commands'
import type { Command } from 'commander'
import { parseFile } from '../arguments.ts'
import { describeForgotten } from '../forgotten.ts'
import { createProgress } from '../progress.ts'
import { withServices } from '../with-services.ts'

export function registerBackup(program: Command): void {
  program
    .command('backup')
    .description('Copy the embedded store into a file, while the service runs.')
    .argument('<file>', 'where to write it; must not exist', parseFile)
    .addHelpText(
      'after',
      '\nThe server secret is not in the backup: keep a copy of it elsewhere. Without it no stored key can be verified.\n',
    )
    .action(backupStore)
  program
    .command('restore')
    .description('Replace the embedded store with a backup, and decide to use it.')
    .argument('[file]', 'a file that latchkey backup made; stop the service first', parseFile)
    .option('--accept', 'use the restored store, whatever it has forgotten')
    .addHelpText(
      'after',
      '\nA backup holds again what you took away after it was made: keys, rights, passwords. So a restored store is refused, and the\n' +
        'service not ready, until you have looked at what it has forgotten and run: latchkey restore --accept\n' +
        'That is also the way after a restore or a failover of PostgreSQL, whose own tools do the rest.\n' +
        'The embedded store that was there is kept beside the restored one.\n',
    )
    .action((file: string | undefined, options: { accept?: true }) => restoreOrAccept(file, options))
}

async function backupStore(file: string): Promise<void> {
  const { storeFileOf } = await import('@latchkey/server')
  const { backupSqlite } = await import('@latchkey/server/commands')
  const {
    config: { dataDir },
  } = await readEmbedded('pg_dump, or the backups of your provider, copy it')
  const progress = createProgress('Copying')
  await backupSqlite(storeFileOf(dataDir), resolve(file), progress.show).finally(progress.clear)
  process.stdout.write(
    `Backed up to ${resolve(file)}, and checked. Keep the server secret with it, in another place.\n`,
  )
}

async function restoreOrAccept(file: string | undefined, { accept }: { accept?: true }): Promise<void> {
  if (file !== undefined) await restoreStore(file)
  if (accept === true) return acceptStore()
  if (file !== undefined) return
  process.stderr.write('latchkey: say which file to restore, or --accept to use a store that was restored.\n')
  process.exitCode = 2
}

async function restoreStore(file: string): Promise<void> {
  const { ConfigError, secretFileOf, storeFileOf } = await import('@latchkey/server')
  const { restoreSqlite } = await import('@latchkey/server/commands')
  const { config, secretSource } = await readEmbedded(
    'restore it with its own tools, then run latchkey restore --accept',
  )
  if (await isAnswering(config.host, config.port)) {
    throw new ConfigError(`A service answers on ${config.host}:${config.port}: stop it first, then restore.`)
  }
  const time = new Date().toISOString().replaceAll(/[:.]/g, '-')
  const restored = restoreSqlite(resolve(file), storeFileOf(config.dataDir), time)
  process.stdout.write(`Restored.${describePlaces(restored)}\n${describeForgotten(restored)}`)
  if (secretSource.secret === null && secretSource.secretFile === null) {
    const file = secretFileOf(config.dataDir)
    if (!existsSync(file)) {
      process.stdout.write(`Put the server secret that belongs to it into ${resolve(file)} (mode 0600).\n`)
    }
  }
  process.stdout.write(
    'The service refuses every key until you decide to use it: latchkey restore --accept\n',
  )
}

function describePlaces({ kept, accepted }: Restored): string {
  if (kept === undefined) return ''
  const last =
    accepted === undefined || accepted === kept ? '' : `; the last that was accepted is ${accepted}`
  return ` The store that was there is ${kept}${last}.`
}

async function acceptStore(): Promise<void> {
  const { readConfig, storeFileOf } = await import('@latchkey/server')
  const { findUnaccepted } = await import('@latchkey/server/commands')
  const { config, secretSource } = readConfig()
  const isEmbedded = secretSource.databaseUrl === null
  const restored = isEmbedded ? findUnaccepted(storeFileOf(config.dataDir)) : undefined
  await withServices({ makes: 'nothing' }, async (services) => {
    const { acceptRestored } = await import('@latchkey/server')
    await acceptRestored(services)
    if (restored !== undefined) process.stdout.write(describeForgotten(restored))
    process.stdout.write(
      'The store is in use, under a new epoch. Every service on it forgets what it remembered.\n',
    )
    if (!isEmbedded) {
      process.stdout.write(
        'It was not compared with what was there before: what was taken away since then is there again.\n',
      )
    }
  })
}

/** Throws ConfigError when the store is on a database server; `instead` says what to do then. */
async function readEmbedded(instead: string) {
  const { ConfigError, readConfig } = await import('@latchkey/server')
  const { config, secretSource } = readConfig()
  if (secretSource.databaseUrl !== null) {
    throw new ConfigError(`DATABASE_URL names a PostgreSQL database: ${instead}.`)
  }
  return { config, secretSource }
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
