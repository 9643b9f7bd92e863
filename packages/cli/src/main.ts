import { AppError } from '@latchkey/core/error'
import { scrubSecrets } from '@latchkey/core/scrub-secrets'
import { VERSION } from '@latchkey/core/version'
import { Command, CommanderError } from 'commander'
import { registerAuditAccept } from './commands/audit-accept.ts'
import { registerAuditCheckpoint } from './commands/audit-checkpoint.ts'
import { registerAuditExport } from './commands/audit-export.ts'
import { registerAuditPrune } from './commands/audit-prune.ts'
import { registerAuditVerify } from './commands/audit-verify.ts'
import { registerBackup } from './commands/backup.ts'
import { registerBootstrap } from './commands/bootstrap.ts'
import { registerConsoleLink } from './commands/console-link.ts'
import { registerDoctor } from './commands/doctor.ts'
import { registerImport } from './commands/import.ts'
import { registerKeysCreate } from './commands/keys-create.ts'
import { registerKeysDelete } from './commands/keys-delete.ts'
import { registerKeysRotate } from './commands/keys-rotate.ts'
import { registerKeysVerify } from './commands/keys-verify.ts'
import { registerMigrate } from './commands/migrate.ts'
import { registerRemoteKeys } from './commands/remote-keys.ts'
import { registerRemoteUsers } from './commands/remote-users.ts'
import { registerServe } from './commands/serve.ts'
import { registerUsage } from './commands/usage.ts'
import { registerUsersSetPassword } from './commands/users-set-password.ts'
import { describeCrash, EXIT_CODE_CRASH, endOnCrash } from './crash.ts'
import { withoutPasted } from './pasted-arguments.ts'
import { goOnWithoutReaders } from './print.ts'
import { ignoreStraySignals } from './stop-signals.ts'

/**
 * Runs the command line. Answers the exit code: 0 done, 1 not done, 2 wrong use, 70 a bug. Throws what says that a file of
 * the program is missing: whoever started it knows how it came there.
 */
export async function main(argv: readonly string[]): Promise<number> {
  endOnCrash()
  ignoreStraySignals()
  goOnWithoutReaders()
  try {
    await buildProgram(argv.slice(2)).parseAsync([...argv])
    return Number(process.exitCode ?? 0)
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    if (isFileMissing(error)) throw error
    const isFailure = isExpected(error)
    process.stderr.write(scrubSecrets(`latchkey: ${isFailure ? error.message : describeCrash(error)}\n`))
    return isFailure ? 1 : EXIT_CODE_CRASH
  }
}

/** The same for a process of its own, which it leaves with that code. */
export async function run(argv: readonly string[]): Promise<void> {
  process.exitCode = await main(argv)
  // A bug ends all that it had begun, too: a service that goes on listening would be taken for one that runs.
  if (process.exitCode === EXIT_CODE_CRASH) process.exit()
}

function buildProgram(args: readonly string[]): Command {
  const program = new Command('latchkey')
    .description('Self-hosted API keys: issue, list, restrict by address, revoke and verify.')
    .version(VERSION)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(withoutPasted(text, args)) })
    .showSuggestionAfterError()
    .showHelpAfterError('(latchkey --help lists the commands; --help after one, what it takes)')
    .addHelpText(
      'after',
      '\nStart with: latchkey serve\nExit codes: 0 done, 1 not done, 2 wrong use, 70 a bug, 74 the disk failed. More: docs/operate/install.md\n',
    )
  registerServe(program)
  registerBootstrap(program)
  registerMigrate(program)
  registerBackup(program)
  registerDoctor(program)
  registerConsoleLink(program)
  registerImport(program)
  registerUsage(program)
  const keys = program
    .command('keys')
    .description('Keys: of a service over the network, or from the server itself.')
  registerKeysCreate(keys)
  registerKeysRotate(keys)
  registerKeysDelete(keys)
  registerKeysVerify(keys)
  registerRemoteKeys(keys)
  const audit = program.command('audit').description('The audit log, from the server itself.')
  registerAuditVerify(audit)
  registerAuditAccept(audit)
  registerAuditCheckpoint(audit)
  registerAuditExport(audit)
  registerAuditPrune(audit)
  const users = program
    .command('users')
    .description('Users: of a service over the network, or from the server itself.')
  registerUsersSetPassword(users)
  registerRemoteUsers(users)
  return program
}

/** Commands load what they need when they run. */
const isFileMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'

/** A failure that is told in one sentence. Anything else is a bug. */
const isExpected = (error: unknown): error is Error =>
  error instanceof AppError ||
  (error instanceof Error && (/^(?:Config|Store|Source)Error$/.test(error.name) || CLIENT_ERROR in error))

/** The mark of the client's errors, which are known without loading it. */
const CLIENT_ERROR = Symbol.for('latchkey.error')
