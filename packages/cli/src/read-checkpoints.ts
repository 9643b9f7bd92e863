import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Services } from '@latchkey/server'
import type { Sightings } from '@latchkey/server/commands'

/** Every checkpoint in these files, `-` being standard input. Throws ConfigError with one sentence. */
export async function readCheckpointFiles(
  { chain }: Pick<Services, 'chain'>,
  files: readonly string[],
): Promise<Sightings> {
  const { ConfigError } = await import('@latchkey/server')
  const { createSightings, readCheckpoints } = await import('@latchkey/server/commands')
  const seen = createSightings()
  for (const file of files) {
    const before = seen.checkpoints()
    let lines = 0
    try {
      for await (const line of linesOf(file)) {
        lines += 1
        for (const checkpoint of readCheckpoints(chain, line)) seen.add(checkpoint)
      }
    } catch (error) {
      const isDirectory = (error as NodeJS.ErrnoException).code === 'EISDIR'
      const reason = isDirectory
        ? 'it is a directory'
        : error instanceof Error
          ? error.message
          : String(error)
      const place = lines === 0 ? file : `Line ${lines} of ${file}`
      throw new ConfigError(`${place} cannot be compared with: ${reason}. Nothing was verified.`)
    }
    if (seen.checkpoints() === before) {
      throw new ConfigError(
        `${file} holds no checkpoint: give what latchkey audit checkpoint printed, or a log of the service. ` +
          'Nothing was verified.',
      )
    }
  }
  return seen
}

const linesOf = (file: string) =>
  createInterface({
    input: file === '-' ? process.stdin : createReadStream(file),
    crlfDelay: Number.POSITIVE_INFINITY,
  })
