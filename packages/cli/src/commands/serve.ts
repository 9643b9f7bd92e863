import cluster from 'node:cluster'
import { availableParallelism } from 'node:os'
import type { RunningServer, Services } from '@latchkey/server'
import type { Command } from 'commander'
import { assertKeyDeliverable } from '../first-start.ts'
import { exitWithoutReaders } from '../print.ts'
import { describeSettings } from '../settings-help.ts'
import { narrateStop, startFirst, stopMsMaxAfter, stopServer } from '../start-and-stop.ts'
import { type Starter, watchStarter } from '../starter.ts'
import { type StopSignal, untilToldToStop } from '../stop-signals.ts'
import { announceWorker, runWorkers } from '../workers.ts'

export function registerServe(program: Command): void {
  program
    .command('serve')
    .description('Start the service. The first start makes the store, the server secret and an admin key.')
    .showHelpAfterError('(settings come from the environment: PORT=8080 latchkey serve; --help lists them)')
    .addHelpText('after', describeSettings)
    .action(serve)
}

async function serve(): Promise<void> {
  const { assertPortFree, createServices, isRunByNpm, readConfig } = await import('@latchkey/server')
  const { config, secretSource } = readConfig()
  // Workers share the port that their parent holds, and the store that it has made.
  if (!cluster.isWorker) {
    await assertPortFree(config)
    await assertKeyDeliverable(config, secretSource)
  }
  const services = await createServices(config, secretSource)
  if (cluster.isWorker) await serveAsWorker(services)
  else {
    const count = config.workers === 'auto' ? availableParallelism() : config.workers
    const starter = isRunByNpm() ? watchStarter() : undefined
    await (count === 1 ? serveAlone(services, starter) : serveWithWorkers(services, count, starter))
  }
  await exitWithoutReaders(0)
}

async function serveAlone(services: Services, starter?: Starter): Promise<void> {
  let stopping!: Promise<StopSignal>
  const server = await startFirst(services, () => {
    // Before anybody is told that it is ready, and may tell it to stop.
    stopping = untilToldToStop(starter)
    return startOrDispose(services, { isAlone: true })
  })
  const signal = await stopping
  await narrateStop(signal, services.config, stopServer(server, services, signal))
}

async function serveAsWorker(services: Services): Promise<void> {
  const stopping = untilToldToStop()
  const server = await startOrDispose(services, { isAlone: false })
  announceWorker(server)
  await stopServer(server, services, await stopping)
  process.disconnect()
}

/** This process prepares the store, and then only watches over those that serve. */
async function serveWithWorkers(services: Services, count: number, starter?: Starter): Promise<void> {
  const workers = await startFirst(services, async () => {
    await services.dispose()
    const { answerWorkersMetrics } = await import('@latchkey/server')
    answerWorkersMetrics()
    return runWorkers({
      count,
      starter,
      onEnded: services.events.processEnded,
      stopMsMaxAfter: (signal) => stopMsMaxAfter(signal, services.config),
    })
  })
  await narrateStop(await workers.stopping, services.config, workers.untilGone())
}

async function startOrDispose(
  services: Services,
  options: { readonly isAlone: boolean },
): Promise<RunningServer> {
  const { startServer } = await import('@latchkey/server')
  try {
    return await startServer(services, options)
  } catch (error) {
    await services.dispose()
    throw error
  }
}
