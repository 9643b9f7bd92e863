import type { Command } from 'commander'
import { withServices } from '../with-services.ts'

export function registerAuditVerify(audit: Command): void {
  audit
    .command('verify')
    .description('Check that no audit event was changed, deleted, inserted, moved or cut off.')
    .option('--json', 'print JSON, for scripts')
    .addHelpText(
      'after',
      '\nExit code 0: every chain holds. 1: one does not; the first bad event is named.\n',
    )
    .action((options: { json?: true }) => verifyAll(options.json === true))
}

async function verifyAll(isJson: boolean): Promise<void> {
  await withServices({ makes: 'nothing' }, async (services) => {
    const { verifyAuditChains } = await import('@latchkey/server')
    const isShown = process.stderr.isTTY && !isJson
    const reports = await verifyAuditChains(services, (companyId, events) => {
      if (isShown) process.stderr.write(`\r${companyId}  ${events.toLocaleString('en')} events`)
    })
    if (isShown) process.stderr.write('\r\x1b[K')
    const broken = reports.filter(({ report }) => !report.isIntact)
    if (isJson) {
      process.stdout.write(
        `${JSON.stringify(reports.map(({ companyId, report }) => ({ companyId, ...report })))}\n`,
      )
    } else {
      for (const { companyId, report } of broken) {
        if (report.isIntact) continue
        const place =
          report.eventId === undefined
            ? 'at its end'
            : `at event ${report.eventId} (number ${report.sequence})`
        process.stdout.write(`${companyId}: the chain breaks ${place}: ${report.reason}.\n`)
      }
      const events = reports.reduce((sum, { report }) => sum + (report.isIntact ? report.events : 0), 0)
      if (broken.length === 0) {
        process.stdout.write(
          `${reports.length} ${reports.length === 1 ? 'company' : 'companies'}, ${events.toLocaleString('en')} events: every chain holds.\n`,
        )
      }
    }
    if (broken.length > 0) process.exitCode = 1
  })
}
