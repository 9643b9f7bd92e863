import type { Command } from 'commander'
import { print } from '../print.ts'
import { withServices } from '../with-services.ts'

export function registerAuditCheckpoint(audit: Command): void {
  audit
    .command('checkpoint')
    .description(
      'Print a checkpoint. Kept elsewhere, it shows whether the database was put back to an earlier state.',
    )
    .addHelpText(
      'after',
      '\nFor example: latchkey audit checkpoint >> /elsewhere/checkpoints\n' +
        'Later: latchkey audit verify --checkpoint /elsewhere/checkpoints\n' +
        'While it serves, the service logs the same for the chains it adds to, once a minute.\n',
    )
    .action(printCheckpoint)
}

async function printCheckpoint(): Promise<void> {
  await withServices({ makes: 'nothing' }, async ({ engine, chain, clock }) => {
    const { takeCheckpoint } = await import('@latchkey/server/commands')
    const { checkpoints, broken, isListBroken } = await engine.read((db) =>
      takeCheckpoint(db, chain, clock.nowMs()),
    )
    for (const checkpoint of checkpoints) await print(`${checkpoint}\n`)
    if (broken.length === 0 && !isListBroken) return
    const what = isListBroken ? 'the list of companies' : `the chain of ${broken[0]}`
    process.stderr.write(
      `latchkey: ${what} was changed from outside the service, and is not in the checkpoint: latchkey audit verify.\n`,
    )
    process.exitCode = 1
  })
}
