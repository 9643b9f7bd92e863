import type { Command } from 'commander'
import { parseText } from '../arguments.ts'
import { BOTH_WAYS, connect, isNamed, urlOption } from '../remote.ts'
import { withServices } from '../with-services.ts'

type Options = { readonly yes?: true; readonly url?: string }

/** A key, wherever it is kept. */
type Found = {
  readonly id: string
  readonly userId: string
  readonly description: string | null
  readonly isDeleted: boolean
  readonly remove: () => Promise<unknown>
}

export function registerKeysDelete(keys: Command): void {
  keys
    .command('delete')
    .description('Delete a key, for example one that leaked. Audited, and for good.')
    .argument(
      '<id>',
      'id of the key, such as key_01m85e7dwrfwka4f0gvwh5b2ng: never the key itself',
      parseText,
    )
    .option('--yes', 'do not ask')
    .addOption(urlOption())
    .addHelpText(
      'after',
      `\nWhen it says that the key is deleted, no server accepts it any more.\n${BOTH_WAYS}`,
    )
    .action((id: string, { url, yes }: Options) =>
      isNamed(url) ? deleteRemotely(url, id, yes) : deleteOnHost(id, yes),
    )
}

async function deleteRemotely(url: string, id: string, yes: true | undefined): Promise<void> {
  const { keys } = await connect(url)
  const key = await keys.get(id)
  await deleteFound({ ...key, isDeleted: key.deletedAt !== null, remove: () => keys.delete(id) }, yes)
}

const deleteOnHost = (id: string, yes: true | undefined) =>
  withServices({ makes: 'nothing' }, async (services) => {
    const { deleteKeyOnHost, getKeyOnHost } = await import('@latchkey/server')
    const key = await getKeyOnHost(services, id)
    const remove = () => deleteKeyOnHost(services, key)
    await deleteFound({ ...key, isDeleted: key.deletedAtMs !== null, remove }, yes)
  })

async function deleteFound(key: Found, yes: true | undefined): Promise<void> {
  const what = `${key.id} of user ${key.userId} (${key.description ?? 'no description'})`
  if (key.isDeleted) {
    // By somebody whose deletion may not be in force everywhere yet: this one is answered when it is.
    await key.remove()
    process.stdout.write(`Key ${what} is deleted already, and no server accepts it any more.\n`)
    return
  }
  if (yes !== true && !(await isMeant(what))) {
    process.stderr.write('latchkey: nothing was deleted. To delete it: add --yes.\n')
    process.exitCode = 1
    return
  }
  await key.remove()
  process.stdout.write(`Key ${what} is deleted, and no server accepts it any more.\n`)
}

/** Without a terminal there is nobody to ask. */
async function isMeant(what: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false
  const { confirm, isCancel } = await import('@clack/prompts')
  const answer = await confirm({
    message: `Delete key ${what}? It cannot be undone.`,
    initialValue: false,
    output: process.stderr,
  })
  return !isCancel(answer) && answer
}
