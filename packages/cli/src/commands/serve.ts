import { resolve } from 'node:path'
import type { RunningServer, Services } from '@latchkey/server'
import type { Command } from 'commander'
import { deliverAdminKey, openAdminKeyFile } from '../admin-key.ts'
import { describeSettings } from '../settings-help.ts'
import { keyOfFailedStart, welcome, welcomeBack } from '../welcome.ts'

/** Requests in flight get this long after Ctrl-C, in milliseconds; a second Ctrl-C ends at once. */
const STOP_MS_MAX = 20_000

export function registerServe(program: Command): void {
  program
    .command('serve')
    .description('Start the service. The first start makes the store, the server secret and an admin key.')
    .addHelpText('after', describeSettings)
    .action(serve)
}

async function serve(): Promise<void> {
  const { createServices, readConfig, startServer } = await import('@latchkey/server')
  const { config, secretSource } = readConfig()
  const services = await createServices(config, secretSource)
  let server: RunningServer
  let adminKey: string | undefined
  try {
    adminKey = await makeAdminKey(services)
    server = await startServer(services)
  } catch (error) {
    await services.dispose()
    // The store has it now and no later start will show it.
    if (adminKey !== undefined) process.stdout.write(keyOfFailedStart(adminKey))
    throw error
  }
  const dataDir = resolve(config.dataDir)
  const url = config.publicUrl ?? server.url
  process.stdout.write(
    adminKey === undefined ? welcomeBack({ url, dataDir }) : welcome({ url, dataDir, keyText: adminKey }),
  )
  await untilStopped(server, services)
}

/** How the new admin key goes into a curl line; undefined when the store had one already. */
async function makeAdminKey(services: Services): Promise<string | undefined> {
  const { bootstrap, isBootstrapped } = await import('@latchkey/server')
  if (await isBootstrapped(services)) return undefined
  const file = openAdminKeyFile(services.config)
  const made = await bootstrap(services)
  return made === undefined ? undefined : deliverAdminKey(made.secret, file)
}

async function untilStopped(server: RunningServer, services: Services): Promise<void> {
  const signal = await new Promise<string>((resolveSignal) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => resolveSignal(name))
  })
  services.events.stopping({ signal })
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => process.exit(130))
  const timer = setTimeout(() => process.exit(1), STOP_MS_MAX)
  await server.stop()
  clearTimeout(timer)
  process.stdout.write('Stopped. Everything acknowledged is stored.\n')
}
