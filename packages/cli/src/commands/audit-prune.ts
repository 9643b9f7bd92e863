import { closeSync, existsSync, fsyncSync, openSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { withServices } from '../with-services.ts'

export function registerAuditPrune(audit: Command): void {
  audit
    .command('prune')
    .description('Take away the oldest audit events of every company, after they are written into a file.')
    .requiredOption(
      '--before <date>',
      'what happened before it, such as 2026-01-01 (midnight, UTC)',
      parseDate,
    )
    .requiredOption('--export <file>', 'where the events go, one JSON line each; must not exist')
    .addHelpText(
      'after',
      '\nEvery chain has to hold before, and holds afterwards: it starts from the hash of the last event that was\n' +
        'taken away, and an event audit.pruned says so. Keep the file. Take a checkpoint afterwards.\n',
    )
    .action((options: Options) => pruneAll(options))
}

type Options = { readonly before: number; readonly export: string }

/** Milliseconds since the epoch. */
function parseDate(text: string): number {
  const isDate = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?Z)?$/.test(text)
  const ms = isDate ? Date.parse(text) : Number.NaN
  // 2026-02-30 is read as a day of March: that is not what was meant.
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== text.slice(0, 10)) {
    throw new InvalidArgumentError('must be a date, such as 2026-01-01 or 2026-01-01T00:00:00Z.')
  }
  if (ms > Date.now()) throw new InvalidArgumentError('is in the future: name a day that is over.')
  return ms
}

async function pruneAll({ before, export: name }: Options): Promise<void> {
  const file = resolve(name)
  const { StoreError } = await import('@latchkey/server')
  if (existsSync(file)) throw new StoreError(`${file} exists already: choose another name, or move it away.`)
  await withServices({ makes: 'nothing' }, async (services) => {
    const { pruneAuditOnHost } = await import('@latchkey/server')
    let descriptor: number | undefined
    try {
      const { events, companies } = await pruneAuditOnHost(services, before, {
        write: (lines) => {
          // For whoever runs the service: addresses and ids are in it.
          descriptor ??= openSync(file, 'wx', 0o600)
          // All of it: a single write may take less on a disk that is nearly full, and says so only by a number.
          writeFileSync(descriptor, lines)
        },
        keep: () => fsyncSync(descriptor!),
      })
      process.stdout.write(
        events === 0
          ? 'There is nothing from before that.\n'
          : `Pruned ${counted(events, 'event')} of ${counted(companies, 'company', 'companies')}, which are in ${file}. Next: latchkey audit checkpoint\n`,
      )
    } finally {
      if (descriptor !== undefined) closeSync(descriptor)
    }
  })
}

const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`
