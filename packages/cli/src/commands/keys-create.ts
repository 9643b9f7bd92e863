import { AppError } from '@latchkey/core/error'
import type { Services } from '@latchkey/server'
import type { Command } from 'commander'
import { parseText, parseTexts } from '../arguments.ts'
import { printSecret } from '../print.ts'
import { BOTH_WAYS, isNamed, urlOption } from '../remote.ts'
import { withServices } from '../with-services.ts'
import { createRemotely, type Made } from './keys-remotely.ts'

type Options = {
  readonly user?: string
  readonly description?: string
  readonly ip?: readonly string[]
  readonly json?: true
  readonly url?: string
}

export function registerKeysCreate(keys: Command): void {
  keys
    .command('create')
    .description('Create a key. On the server itself: when you lost the admin key. Audited.')
    .option(
      '--user <id or email>',
      'whose key; without it, lists the users of the operator company',
      parseText,
    )
    .option('--description <text>', 'what the key is for', parseText)
    .option('--ip <address or block...>', 'restrict the key to these addresses', parseTexts)
    .option('--json', 'print JSON, for scripts')
    .addOption(urlOption())
    .addHelpText('after', BOTH_WAYS)
    .action((options: Options) =>
      isNamed(options.url)
        ? createOverNetwork(options.url, options)
        : withServices({ makes: 'nothing' }, (services) => createFromHost(services, options)),
    )
}

async function createFromHost(services: Services, options: Options): Promise<void> {
  const { createKeyOnHost, listOperatorUsers } = await import('@latchkey/server')
  if (options.user === undefined) {
    const users = await listOperatorUsers(services)
    const lines = users.map(
      ({ id, role, name, email }) =>
        `  ${id}  ${role.padEnd(9)}  ${name}${email === null ? '' : `  ${email}`}`,
    )
    process.stderr.write(`Say whose key with --user. Users of the operator company:\n${lines.join('\n')}\n`)
    process.exitCode = 2
    return
  }
  const { view, secret } = await createKeyOnHost(services, options.user, {
    description: options.description ?? 'Created on the server',
    ...(options.ip === undefined ? {} : { whitelistedIPs: options.ip }),
  }).catch(explainInput)
  await printMade({ ...view, key: secret.reveal() }, options)
}

async function createOverNetwork(url: string, { user, ...options }: Options): Promise<void> {
  if (user === undefined) {
    process.stderr.write('Say whose key with --user <id>: latchkey users list names them.\n')
    process.exitCode = 2
    return
  }
  await printMade(await createRemotely(url, { ...options, user }), options)
}

async function printMade({ id, companyId, userId, key }: Made, { json }: Options): Promise<void> {
  const lost = `The key was made and nobody has its text: latchkey keys delete ${id} --yes`
  if (json === true) {
    await printSecret(`${JSON.stringify({ id, companyId, key })}\n`, lost)
    return
  }
  // The key alone on standard output, so that a script can take it; the words go beside it.
  await printSecret(`${key}\n`, lost)
  process.stderr.write(`Key ${id} of user ${userId}. It is shown once: store it now.\n`)
}

/** Names the options instead of the fields of a request body. */
function explainInput(error: unknown): never {
  if (!(error instanceof AppError) || error.faults.length === 0) throw error
  const lines = error.faults.map(({ pointer, detail }) => `${optionOf(pointer ?? '')} ${detail}`)
  throw new AppError(error.code, lines.join('\n'))
}

function optionOf(pointer: string): string {
  if (pointer.startsWith('/whitelistedIPs')) return '--ip'
  return pointer === '/userId' ? '--user' : pointer
}
