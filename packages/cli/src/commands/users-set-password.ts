import { PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN } from '@latchkey/core/password-length'
import type { Command } from 'commander'
import { parseText } from '../arguments.ts'
import { ConfigError } from '../config-error.ts'
import { withServices } from '../with-services.ts'

export function registerUsersSetPassword(users: Command): void {
  users
    .command('set-password')
    .description("Set a user's password on the server itself. Ends all of the user's sessions. Audited.")
    .argument('<id or email>', 'whose password', parseText)
    .addHelpText(
      'after',
      '\nAsks for the password at a terminal; otherwise reads one line from standard input.',
    )
    .action(setPassword)
}

async function setPassword(idOrEmail: string): Promise<void> {
  const password = process.stdin.isTTY ? await ask() : await readLine()
  if (password === undefined) {
    process.stderr.write('Nothing was changed.\n')
    process.exitCode = 1
    return
  }
  const problem = problemOf(password)
  if (problem !== undefined) {
    process.stderr.write(`latchkey: the password ${problem}. Nothing was changed.\n`)
    process.exitCode = 1
    return
  }
  await withServices({ makes: 'nothing' }, async (services) => {
    const { setPasswordOnHost } = await import('@latchkey/server')
    const user = await setPasswordOnHost(services, idOrEmail, password)
    const next =
      user.email === null
        ? ' It has no email address to sign in with: give it one, then set the password again.'
        : ''
    process.stdout.write(
      `The password of ${user.name} (${user.id}) is set, and all its sessions are over.${next}\n`,
    )
  })
}

function problemOf(password: string): string | undefined {
  if (password.length < PASSWORD_LENGTH_MIN) return `must have at least ${PASSWORD_LENGTH_MIN} characters`
  if (/\p{Cc}/u.test(password)) return 'holds a control character, which nobody can type'
  return password.length > PASSWORD_LENGTH_MAX
    ? `must have at most ${PASSWORD_LENGTH_MAX} characters`
    : undefined
}

/** Twice, because nothing shows; undefined when the person gave up. */
async function ask(): Promise<string | undefined> {
  const { password: askPassword, isCancel } = await import('@clack/prompts')
  const first = await askPassword({
    message: 'New password',
    validate: (value) => problemOf(value ?? ''),
    output: process.stderr,
  })
  if (isCancel(first)) return undefined
  const second = await askPassword({
    message: 'Once more',
    validate: (value) => (value === first ? undefined : 'is not the same as the first'),
    output: process.stderr,
  })
  return isCancel(second) ? undefined : first
}

async function readLine(): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk))
  try {
    // Without the mark that some editors put before a text.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
    return text.split(/\r?\n/, 1)[0] ?? ''
  } catch {
    throw new ConfigError('The password is not in UTF-8. Nothing was changed.')
  }
}
