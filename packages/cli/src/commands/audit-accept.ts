import type { Command } from 'commander'
import { withServices } from '../with-services.ts'
import { describe, isWhole } from './audit-verify.ts'

export function registerAuditAccept(audit: Command): void {
  audit
    .command('accept')
    .description('Accept what audit verify finds, after you have looked, so that the service goes on.')
    .addHelpText(
      'after',
      '\nIt mends nothing: what does not fit stays as it is, and an event says that you accepted it.\n' +
        'Keys, users and companies made or changed by hand stay too. Take a checkpoint afterwards.\n',
    )
    .action(acceptAll)
}

async function acceptAll(): Promise<void> {
  await withServices({ makes: 'nothing' }, async (services) => {
    const { acceptBrokenAudit } = await import('@latchkey/server')
    const { verifyStore } = await import('@latchkey/server/commands')
    const before = await verifyStore(services)
    process.stdout.write(describe(before))
    if (isWhole(before)) {
      process.stdout.write('There is nothing to accept.\n')
      return
    }
    await acceptBrokenAudit(services, before)
    process.stdout.write('Accepted, and written down. Next: latchkey audit checkpoint\n')
  })
}
