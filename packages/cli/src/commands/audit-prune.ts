import { closeSync, existsSync, fsyncSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { parseFile } from '../arguments.ts'
import { withServices } from '../with-services.ts'

export function registerAuditPrune(audit: Command): void {
  audit
    .command('prune')
    .description('Write the oldest audit events of every company into a file, then remove them.')
    .requiredOption(
      '--before <date>',
      'remove what happened before this date, such as 2026-01-01 (midnight, UTC)',
      parseDate,
    )
    .requiredOption('--export <file>', 'where the events go, one JSON line each; must not exist', parseFile)
    .addHelpText(
      'after',
      '\nEvery chain has to hold before, and holds afterwards: it starts from the hash of the last event that was\n' +
        'removed, and an event audit.pruned says so. Keep the file. Take a checkpoint afterwards.\n',
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
  if (!existsSync(dirname(file))) {
    throw new StoreError(
      `There is no directory ${dirname(file)} to put the events into: make it (mkdir -p), or name another place.`,
    )
  }
  await withServices({ makes: 'nothing' }, async (services) => {
    const { pruneAuditOnHost } = await import('@latchkey/server/commands')
    const target = exportInto(file)
    try {
      const { events, companies } = await pruneAuditOnHost(services, before, target)
      process.stdout.write(
        events === 0
          ? 'There is nothing from before that.\n'
          : `Pruned ${counted(events, 'event')} of ${counted(companies, 'company', 'companies')}, which are in ${file}. Next: latchkey audit checkpoint\n`,
      )
    } catch (error) {
      const fault = target.fault()
      throw fault === undefined ? error : new StoreError(await explainExport(file, fault), error)
    } finally {
      target.close()
    }
  })
}

type Fault = { readonly error: unknown; readonly isKept: boolean }

/** Takes lines into a new file. One in which nothing was kept goes again when it fails. */
function exportInto(file: string) {
  let descriptor: number | undefined
  let fault: Fault | undefined
  let isKept = false
  const attempt = (work: () => void) => {
    try {
      work()
    } catch (error) {
      fault = { error, isKept }
      throw error
    }
  }
  return {
    /** What kept the events from being written; undefined when it was something else that failed. */
    fault: () => fault,
    write: (lines: string) =>
      attempt(() => {
        // For whoever runs the service: addresses and ids are in it.
        descriptor ??= openSync(file, 'wx', 0o600)
        // All of it: a single write may take less on a disk that is nearly full, and says so only by a number.
        writeFileSync(descriptor, lines)
      }),
    keep: () => {
      attempt(() => fsyncSync(descriptor!))
      isKept = true
    },
    close: () => {
      if (descriptor === undefined) return
      closeSync(descriptor)
      if (!isKept) rmSync(file)
    },
  }
}

async function explainExport(file: string, { error, isKept }: Fault): Promise<string> {
  const { explainWriteError, sentenceOf } = await import('@latchkey/server')
  const fault = explainWriteError(error, dirname(file))
  const why = fault === undefined ? `${error instanceof Error ? error.message : error}.` : sentenceOf(fault)
  const next = isKept
    ? `What is pruned already is in ${file}: keep it, and run it again with another name.`
    : 'Nothing is pruned.'
  return `The events cannot be written to ${file}: ${why} ${next}`
}

const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`
