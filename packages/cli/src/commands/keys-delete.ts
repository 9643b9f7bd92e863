import { confirm, isCancel } from '@clack/prompts'
import type { Command } from 'commander'
import { withServices } from '../with-services.ts'

type Options = { readonly yes?: true }

export function registerKeysDelete(keys: Command): void {
  keys
    .command('delete')
    .description('Delete a key on the server itself, for example one that leaked. Audited, and for good.')
    .argument('<id>', 'of the key, such as key_01m85e7dwrfwka4f0gvwh5b2ng: never its text')
    .option('--yes', 'do not ask')
    .addHelpText('after', '\nWhen it says that the key is deleted, no server accepts it any more.\n')
    .action((id: string, options: Options) =>
      withServices({ makes: 'nothing' }, async (services) => {
        const { deleteKeyOnHost, getKeyOnHost } = await import('@latchkey/server')
        const key = await getKeyOnHost(services, id)
        const what = `${key.id} of user ${key.userId} (${key.description ?? 'no description'})`
        if (key.deletedAtMs !== null) {
          process.stdout.write(`Key ${what} is deleted already.\n`)
          return
        }
        if (options.yes !== true && !(await isMeant(what))) {
          process.stderr.write('latchkey: nothing was deleted. To delete it: add --yes.\n')
          process.exitCode = 1
          return
        }
        await deleteKeyOnHost(services, key)
        process.stdout.write(`Key ${what} is deleted, and no server accepts it any more.\n`)
      }),
    )
}

/** Without a terminal there is nobody to ask. */
async function isMeant(what: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false
  const answer = await confirm({ message: `Delete key ${what}? It cannot be undone.`, initialValue: false })
  return !isCancel(answer) && answer
}
