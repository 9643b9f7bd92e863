import type { Command } from 'commander'
import { withServices } from '../with-services.ts'

export function registerAuditExport(audit: Command): void {
  audit
    .command('export')
    .description('Write every audit event of a company to standard output, oldest first, one JSON line each.')
    .requiredOption('--company <id>', 'whose events')
    .addHelpText('after', '\nFor example: latchkey audit export --company cmp_… > events.ndjson\n')
    .action((options: { company: string }) => exportEvents(options.company))
}

async function exportEvents(companyId: string): Promise<void> {
  await withServices(async (services) => {
    const { exportAuditEvents } = await import('@latchkey/server')
    for await (const line of exportAuditEvents(services, companyId)) {
      // A slow reader slows the export instead of filling memory.
      if (!process.stdout.write(`${line}\n`)) {
        await new Promise((resolve) => process.stdout.once('drain', resolve))
      }
    }
  })
}
