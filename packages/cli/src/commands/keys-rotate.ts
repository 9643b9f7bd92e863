import { AppError } from '@latchkey/core/error'
import { type Command, InvalidArgumentError } from 'commander'
import { parseText } from '../arguments.ts'
import { printSecret } from '../print.ts'
import { BOTH_WAYS, isNamed, urlOption } from '../remote.ts'
import { withServices } from '../with-services.ts'
import { rotateRemotely } from './keys-remotely.ts'

type Options = { readonly overlap?: number; readonly json?: true; readonly url?: string }

export function registerKeysRotate(keys: Command): void {
  keys
    .command('rotate')
    .description('Give a key a new secret. The old one lives on for a while. Audited.')
    .argument(
      '<id>',
      'id of the key, such as key_01m85e7dwrfwka4f0gvwh5b2ng: never the key itself',
      parseText,
    )
    .option(
      '--overlap <seconds>',
      'how long the old secret lives, 0 to 2592000 (default: a day)',
      parseSeconds,
    )
    .option('--json', 'print the id, the company and the new secret as JSON')
    .addOption(urlOption())
    .addHelpText(
      'after',
      `\nWith --overlap 0 no server accepts the old secret any more when the new one is printed.\n${BOTH_WAYS}`,
    )
    .action(async (id: string, { overlap, json, url }: Options) =>
      printRotated(
        await (isNamed(url) ? rotateRemotely(url, id, overlap) : rotateOnHost(id, overlap)),
        overlap,
        json,
      ),
    )
}

const rotateOnHost = (id: string, overlap: number | undefined) =>
  withServices({ makes: 'nothing' }, async (services) => {
    const { getKeyOnHost, rotateKeyOnHost } = await import('@latchkey/server')
    const key = await getKeyOnHost(services, id)
    const { view, secret } = await rotateKeyOnHost(services, key, overlap).catch(inWordsOfCommand)
    const { companyId, userId, rotation } = view
    const endsAt = new Date(rotation?.previousEndsAtMs ?? 0).toISOString()
    return { id: view.id, companyId, userId, key: secret.reveal(), endsAt }
  })

async function printRotated(
  { id, companyId, key, endsAt }: Awaited<ReturnType<typeof rotateRemotely>>,
  overlap: number | undefined,
  json: true | undefined,
): Promise<void> {
  if (json === true) {
    await printSecret(`${JSON.stringify({ id, companyId, key })}\n`, LOST)
    return
  }
  // The secret alone on standard output, so that a script can take it; the words go beside it.
  await printSecret(`${key}\n`, LOST)
  const end = overlap === 0 ? 'is dead on every server' : `ends on ${endsAt}`
  process.stderr.write(`Key ${id} has a new secret, shown once: store it now. The old one ${end}.\n`)
}

const LOST =
  'The key has a new secret, and nobody has its text: rotate it again with --overlap 0, which ends every older secret.'

/** What is told of an open rotation names calls of the API. */
function inWordsOfCommand(error: unknown): never {
  if (!(error instanceof AppError) || error.code !== 'rotation_open') throw error
  throw new AppError(
    'rotation_open',
    'A rotation of this key is open: wait until the old secret has ended, or add --overlap 0 to end every older secret ' +
      'now.',
  )
}

function parseSeconds(text: string): number {
  const seconds = Number(text)
  if (/^\d{1,7}$/.test(text) && seconds <= 2_592_000) return seconds
  throw new InvalidArgumentError('It must be whole seconds, 0 to 2592000 (30 days).')
}
