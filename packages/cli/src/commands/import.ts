import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import {
  addSourceOptions,
  extrasOf,
  type ImportOptions,
  SOURCES,
  sourceOptionsOf,
} from '../import-options.ts'
import { createImportReport } from '../import-report.ts'
import { createProgress } from '../progress.ts'
import { withServices } from '../with-services.ts'

export function registerImport(program: Command): void {
  const command = program
    .command('import')
    .description('Import the keys of another system as they are, so that nobody needs a new one. Audited.')
    .argument('<file>', 'the export of that system; see docs/use/moving-in.md')
    .addOption(new Option('--from <format>', 'what wrote the file').choices(SOURCES).makeOptionMandatory())
    .requiredOption('--company <id>', 'the company that gets the keys')
    .option('--check <text>', 'one key that works today: it must be among them, or nothing is done')
    .option('--no-check', 'import hashes without that proof')
    .option('--dry-run', 'say what would happen, and do nothing')
    .option('--report <file>', 'write what became of each row, one JSON line each; must not exist')
    .option('--create-users', 'make users of owners that are none yet, as developers')
    .option('--user <id>', 'who gets the keys that name no owner')
  addSourceOptions(command)
    .addHelpText(
      'after',
      '\nYou can import the same file again: a text that is or was a key here stays as it is. So an import that was\n' +
        'interrupted goes on. Exit code 1: a row was refused.\n',
    )
    .action((file: string, options: ImportOptions) => importFile(resolve(file), options))
}

async function importFile(path: string, options: ImportOptions): Promise<void> {
  await withServices({ makes: 'nothing' }, async (services) => {
    const { importOnHost, judgeLines, openSourceFile, readFirst } = await import('@latchkey/server/commands')
    const extras = extrasOf(options)
    const file = openSourceFile(path, options.from, sourceOptionsOf(options, services.config.keyPrefix))
    const reading = createProgress('Reading')
    const checked = await readFirst(
      file.lines((count) => reading.show(count, file.bytes)),
      options.check,
      extras,
    ).finally(reading.clear)
    if (checked !== undefined) {
      const end = checked.expiresAt === undefined ? '' : `, until ${checked.expiresAt}`
      process.stderr.write(
        `The text of --check is the key of line ${checked.line} (${checked.status}${end}).\n`,
      )
    }
    const isDryRun = options.dryRun === true
    const report = createImportReport(options.report, isDryRun)
    const progress = createProgress(isDryRun ? 'Trying' : 'Importing')
    const rules = {
      hasOwner: options.user !== undefined,
      hasPepper: extras.pepper !== undefined,
      hasSalt: extras.salt !== undefined,
    }
    const lines = judgeLines(
      file.lines((count) => progress.show(count, file.bytes)),
      rules,
    )
    try {
      for await (const step of importOnHost(services, lines, {
        companyId: options.company,
        source: options.from,
        extras,
        userId: options.user,
        createsUsers: options.createUsers === true,
        isDryRun,
      })) {
        report.add(step)
      }
    } finally {
      progress.clear()
      report.end()
    }
    process.stdout.write(report.summary())
    if (report.refused > 0) process.exitCode = 1
  })
}
