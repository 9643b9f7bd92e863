import type { StoreReport } from '@latchkey/server/commands'
import type { Command } from 'commander'
import { parseFile } from '../arguments.ts'
import { readCheckpointFiles } from '../read-checkpoints.ts'
import { withServices } from '../with-services.ts'

export function registerAuditVerify(audit: Command): void {
  audit
    .command('verify')
    .description(
      'Check that no audit event was changed, deleted, inserted, moved or cut off, and no company added or taken away.',
    )
    .option('--json', 'print JSON, for scripts')
    .option(
      '--checkpoint <file>',
      'compare the store with checkpoints kept elsewhere: a file of them, or a log; - reads standard input',
      (file: string, files: readonly string[]) => [...files, file === '-' ? file : parseFile(file)],
      [] as readonly string[],
    )
    .addHelpText(
      'after',
      '\nExit code 0: every chain holds. 1: one does not; the first bad event is named.\n',
    )
    .action(verifyAll)
}

type Options = { readonly json?: true; readonly checkpoint: readonly string[] }

async function verifyAll({ json, checkpoint }: Options): Promise<void> {
  await withServices({ makes: 'nothing' }, async (services) => {
    const isJson = json === true
    const seen = checkpoint.length === 0 ? undefined : await readCheckpointFiles(services, checkpoint)
    const { verifyStore } = await import('@latchkey/server/commands')
    const isShown = process.stderr.isTTY && !isJson
    const report = await verifyStore(services, {
      seen,
      onProgress: (companyId, events) => {
        if (isShown) process.stderr.write(`\r${companyId}  ${events.toLocaleString('en')} events`)
      },
    })
    if (isShown) process.stderr.write('\r\x1b[K')
    process.stdout.write(isJson ? jsonOf(report) : describe(report, seen?.checkpoints()))
    if (!isWhole(report)) process.exitCode = 1
  })
}

export const isWhole = ({ list, chains }: StoreReport): boolean =>
  list.isIntact && chains.every(({ report }) => report.isIntact)

/** The list of companies is the one without a companyId. */
function jsonOf({ list, chains }: StoreReport): string {
  const reports = chains.map(({ companyId, report }) => ({ companyId, ...report }))
  return `${JSON.stringify([{ companyId: null, ...list }, ...reports])}\n`
}

export function describe(report: StoreReport, checkpoints?: number): string {
  const { list, chains } = report
  const lines: string[] = []
  if (!list.isIntact) lines.push(`The list of companies was changed: ${list.reason}.`)
  let events = 0
  for (const { companyId, report } of chains) {
    const { acceptedBreaks = 0 } = report
    if (acceptedBreaks > 0)
      lines.push(`${companyId}: ${counted(acceptedBreaks, 'break')} accepted on the server.`)
    if (report.isIntact) events += report.events
    else lines.push(`${companyId}: the chain breaks ${placeOf(report)}: ${report.reason}.`)
  }
  if (isWhole(report)) {
    lines.push(
      `${counted(chains.length, 'company', 'companies')}, ${counted(events, 'event')}: every chain holds.`,
    )
    if (checkpoints !== undefined)
      lines.push(`${counted(checkpoints, 'checkpoint agrees', 'checkpoints agree')}.`)
  }
  return `${lines.join('\n')}\n`
}

function placeOf({
  eventId,
  sequence,
}: {
  readonly eventId: string | undefined
  readonly sequence: number
}): string {
  return eventId === undefined ? 'at its end' : `at event ${eventId} (number ${sequence})`
}

const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`
