import { type Command, InvalidArgumentError } from 'commander'
import { print } from '../print.ts'
import { connect, urlOption } from '../remote.ts'

type Options = {
  readonly url?: string
  readonly json?: true
  readonly ip?: string
  readonly permission?: string[]
}

/** More than any credential has. */
const CHARACTERS_MAX = 10_000

export function registerKeysVerify(keys: Command): void {
  keys
    .command('verify')
    .description('Ask a service for its verdict on a key. Reads the key from standard input, or asks for it.')
    .argument('[nothing]', 'a key in the command line stays in its history', refuseArgument)
    .option('--ip <address>', 'where the key is used')
    .option('--permission <name...>', 'what the use needs, as area:action')
    .option('--json', 'print the verdict as JSON')
    .addOption(urlOption())
    .addHelpText('after', '\nExit code 0: valid; 1: not valid, or no verdict.\n')
    .action(verify)
}

async function verify(_nothing: undefined, { url, json, ip, permission }: Options): Promise<void> {
  const client = await connect(url)
  const key = await readKey()
  const verdict = await client.verify({
    key,
    ...(ip === undefined ? {} : { ip }),
    ...(permission === undefined ? {} : { permissions: permission }),
  })
  const { valid, code, keyId, userId } = verdict
  const whose = keyId === null ? '' : `: key ${keyId} of user ${userId}`
  await print(json === true ? `${JSON.stringify(verdict)}\n` : `${code}${whose}\n`)
  if (!valid) process.exitCode = 1
}

async function readKey(): Promise<string> {
  if (process.stdin.isTTY) {
    const { isCancel, password } = await import('@clack/prompts')
    // Standard output is the verdict's alone.
    const typed = await password({ message: 'The key (it is not shown)', output: process.stderr })
    return isCancel(typed) ? '' : typed.trim()
  }
  let text = ''
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    text += chunk
    if (text.length > CHARACTERS_MAX) break
  }
  return text.trim()
}

function refuseArgument(): never {
  throw new InvalidArgumentError('Others on the machine can see it there: pipe it in, or be asked for it.')
}
