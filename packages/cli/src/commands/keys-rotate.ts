import { AppError } from '@latchkey/core/error'
import { type Command, InvalidArgumentError } from 'commander'
import { withServices } from '../with-services.ts'

type Options = { readonly overlap?: number; readonly json?: true }

export function registerKeysRotate(keys: Command): void {
  keys
    .command('rotate')
    .description('Give a key a new secret on the server itself; the old one lives on for a while. Audited.')
    .argument('<id>', 'of the key, such as key_01m85e7dwrfwka4f0gvwh5b2ng: never its text')
    .option(
      '--overlap <seconds>',
      'how long the old secret lives, 0 to 2592000; a day where it is not said',
      parseSeconds,
    )
    .option('--json', 'print the id, the company and the new secret as JSON')
    .addHelpText(
      'after',
      '\nWith --overlap 0 no server accepts the old secret any more when the new one is printed.\n',
    )
    .action((id: string, { overlap, json }: Options) =>
      withServices({ makes: 'nothing' }, async (services) => {
        const { getKeyOnHost, rotateKeyOnHost } = await import('@latchkey/server')
        const key = await getKeyOnHost(services, id)
        const { view, secret } = await rotateKeyOnHost(services, key, overlap).catch(inWordsOfCommand)
        if (json === true) {
          process.stdout.write(
            `${JSON.stringify({ id: view.id, companyId: view.companyId, key: secret.reveal() })}\n`,
          )
          return
        }
        // The secret alone on standard output, so that a script can take it; the words go beside it.
        process.stdout.write(`${secret.reveal()}\n`)
        const endsAtMs = view.rotation?.previousEndsAtMs ?? 0
        const end = overlap === 0 ? 'is dead on every server' : `ends on ${new Date(endsAtMs).toISOString()}`
        process.stderr.write(
          `Key ${view.id} has a new secret, shown once: store it now. The old one ${end}.\n`,
        )
      }),
    )
}

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
