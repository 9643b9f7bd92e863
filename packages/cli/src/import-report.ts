import { closeSync, fsyncSync, openSync, writeFileSync } from 'node:fs'
import type { ImportedLine } from '@latchkey/server/commands'
import { ConfigError } from './config-error.ts'

/** Reasons that are printed; the report has all of them. */
const SHOWN_MAX = 20

/** What became of the rows of an import: counted, and one JSON line each in a file. */
export type ImportReport = {
  add(lines: readonly ImportedLine[]): void
  /** The file is whole then. */
  end(): void
  summary(): string
  readonly refused: number
}

/** Throws ConfigError for a file that is there already, and so does the report where it cannot be written. */
export function createImportReport(path: string | undefined, isDryRun: boolean): ImportReport {
  const file = path === undefined ? undefined : opened(path)
  const counts = { created: 0, exists: 0, refused: 0 }
  const write = (work: () => void) => {
    try {
      work()
    } catch (error) {
      const done = isDryRun ? 'Nothing was done:' : 'What was imported stays:'
      const { code } = error as NodeJS.ErrnoException
      throw new ConfigError(
        `The report ${path} cannot be written to its end (${code}). ${done} make room there, and run it again with another --report.`,
      )
    }
  }
  return {
    get refused() {
      return counts.refused
    },
    add(lines) {
      for (const line of lines) {
        counts[line.outcome] += 1
        if (line.outcome === 'refused' && counts.refused <= SHOWN_MAX) {
          process.stderr.write(`Line ${line.line} is refused: ${line.reason}\n`)
        }
      }
      if (file === undefined) return
      // All of it: a single write may take less on a disk that is nearly full, and says so only by a number.
      write(() =>
        writeFileSync(file, lines.map((line) => `${JSON.stringify(shown(line, isDryRun))}\n`).join('')),
      )
    },
    end() {
      if (file === undefined) return
      try {
        write(() => fsyncSync(file))
      } finally {
        closeSync(file)
      }
    },
    summary() {
      const [created, exists, refused] = [counts.created, counts.exists, counts.refused].map((count) =>
        count.toLocaleString('en'),
      )
      const more = counts.refused > SHOWN_MAX && path === undefined ? ' --report FILE tells all reasons.' : ''
      return isDryRun
        ? `Nothing was done. ${created} would be created, ${exists} are here already, ${refused} would be refused.${more}\n`
        : `${created} created, ${exists} were here already, ${refused} refused.${more}\n`
    },
  }
}

/** In a dry run no key is made: it has no id. */
function shown(line: ImportedLine, isDryRun: boolean): object {
  if (line.outcome !== 'created' || !isDryRun) return line
  const { keyId: _, ...rest } = line
  return rest
}

function opened(path: string): number {
  try {
    // For whoever runs the service: ids and names are in it.
    return openSync(path, 'wx', 0o600)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const reason = code === 'EEXIST' ? 'exists already' : `cannot be written (${code})`
    throw new ConfigError(`${path} ${reason}: choose another name for --report.`)
  }
}
