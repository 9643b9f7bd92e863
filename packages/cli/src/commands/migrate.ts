import type { Command } from 'commander'
import { withServices } from '../with-services.ts'

export function registerMigrate(program: Command): void {
  program
    .command('migrate')
    .description('Migrate the store to the schema of this release. `latchkey serve` does so at its start.')
    .action(async () => {
      await withServices({ makes: 'tables' }, async (services) => {
        process.stdout.write(`The ${services.engine.store} store has the schema of this release.\n`)
      })
    })
}
