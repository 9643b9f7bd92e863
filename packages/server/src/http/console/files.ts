import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export type ConsoleFile = {
  readonly type: string
  readonly body: Buffer
  /** The same, packed when it was built. */
  readonly packed: Buffer | undefined
  /** A digest of what is in it stands in its name. */
  readonly isHashed: boolean
}

const BUILT = fileURLToPath(new URL('../../../../console/dist/', import.meta.url))

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/**
 * The built console by the names of its files, read once: no request is ever turned into a path. Empty: it is not
 * built.
 */
export function readConsoleFiles(directory = BUILT): ReadonlyMap<string, ConsoleFile> {
  if (!existsSync(join(directory, 'index.html'))) return new Map()
  const paths = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  return new Map(
    paths.flatMap((path) => {
      const type = TYPES[extname(path)]
      if (type === undefined) return []
      const name = path.replaceAll('\\', '/')
      const file = join(directory, path)
      return [
        [
          name,
          {
            type,
            body: readFileSync(file),
            packed: existsSync(`${file}.gz`) ? readFileSync(`${file}.gz`) : undefined,
            isHashed: name.startsWith('assets/'),
          },
        ],
      ]
    }),
  )
}

/** Whether an install that leaves out development packages left out the console. */
export const isConsoleBuilt = (directory = BUILT): boolean => existsSync(join(directory, 'index.html'))
