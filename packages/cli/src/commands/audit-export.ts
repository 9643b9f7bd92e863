import type { Command } from 'commander'
import { parseText } from '../arguments.ts'
import { isReaderGone, print } from '../print.ts'
import { withServices } from '../with-services.ts'

/** What a shell says of a program that SIGPIPE ended. */
const EXIT_CODE_READER_GONE = 141

export function registerAuditExport(audit: Command): void {
  audit
    .command('export')
    .description('Write every audit event of a company to standard output, oldest first, one JSON line each.')
    .requiredOption('--company <id>', 'whose events', parseText)
    .addHelpText('after', '\nFor example: latchkey audit export --company cmp_… > events.ndjson\n')
    .action((options: { company: string }) => exportEvents(options.company))
}

async function exportEvents(companyId: string): Promise<void> {
  await withServices({ makes: 'nothing' }, async (services) => {
    const { exportAuditEvents } = await import('@latchkey/server')
    try {
      // A slow reader slows the export instead of filling memory.
      for await (const line of exportAuditEvents(services, companyId)) await print(`${line}\n`)
    } catch (error) {
      // As `head` does when it has enough.
      if (!isReaderGone(error)) throw error
      process.exitCode = EXIT_CODE_READER_GONE
    }
  })
}
