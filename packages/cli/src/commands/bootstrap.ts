import type { Bootstrapped } from '@latchkey/server'
import type { Command } from 'commander'
import { printSecret } from '../print.ts'
import { withServices } from '../with-services.ts'

export function registerBootstrap(program: Command): void {
  program
    .command('bootstrap')
    .description(
      'Make the first company, its owner and an admin key on an empty store, and print the key once.',
    )
    .option('--json', 'print JSON, for scripts')
    .addHelpText('after', '\nFor a set-up by script. On an empty store `latchkey serve` does the same.')
    .action((options: { json?: true }) => bootstrapStore(options.json === true))
}

async function bootstrapStore(isJson: boolean): Promise<void> {
  await withServices({ makes: 'a store' }, async (services) => {
    const { bootstrap } = await import('@latchkey/server')
    // The transaction waits for it: without a reader nothing is made.
    const made = await bootstrap(services, (made) =>
      printSecret(isJson ? jsonOf(made) : textOf(made), 'No key was made.'),
    )
    if (made !== undefined) return
    process.stderr.write(
      'latchkey: this store is in use already, and its admin key cannot be shown again. ' +
        'For a new one: latchkey keys create --user <id or email>\n',
    )
    process.exitCode = 1
  })
}

const jsonOf = ({ companyId, userId, keyId, secret }: Bootstrapped): string =>
  `${JSON.stringify({ companyId, userId, keyId, key: secret.reveal() })}\n`

const textOf = ({ companyId, userId, keyId, secret }: Bootstrapped): string =>
  `Company  ${companyId}\nUser     ${userId}\nKey id   ${keyId}\nKey      ${secret.reveal()}\n\n` +
  'The key is shown once. Next: latchkey serve\n'
