import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { blocksOf, ROOT } from '../pages/page.ts'

const CLIENT = 'docs/use/client.md'

/** The applications that the page about the client shows whole, by the framework that each imports first. */
export const APPLICATIONS: readonly (readonly [framework: string, text: string])[] = blocksOf(CLIENT)
  .filter(({ language }) => language === 'js')
  .map(({ text }) => [/from '(\w+)'/.exec(text)?.[1] ?? '', text])

/** The applications that the page speaks of, which are files beside it. */
export const SHOPS = ['express', 'fastify'] as const

export const fileOfShop = (framework: string) => join(ROOT, 'docs/use/shop', `${framework}.mjs`)

/** What blocks take for granted, besides what the blocks before them made. */
const GIVEN = `
declare const userId: string, key: string
declare const log: { info(text: string): void; error(error: unknown): void }
declare function ordersOf(userId: string): string[]
declare const server: import('node:http').Server
declare const sockets: {
  handleUpgrade(
    request: import('node:http').IncomingMessage,
    socket: import('node:stream').Duplex,
    head: Buffer,
    open: (socket: object) => void,
  ): void
}
declare function serve(socket: object, caller: { readonly userId: string | null }): void
`

/** One module of every block in TypeScript that the pages about the client have, for the compiler. */
export function writeDocumented(directory: string): void {
  const imported: string[] = []
  const functions = [CLIENT, 'docs/use/middleware.md'].map((page, index) => {
    const blocks = blocksOf(page).filter(({ language }) => language === 'ts')
    const bodies = blocks.map(({ text }) => {
      const lines = text.split('\n')
      imported.push(...lines.filter(isImport))
      return lines.filter((line) => !isImport(line)).join('\n')
    })
    // Each block sees what those before it made, and may make it anew.
    return `export async function page${index}() {\n${bodies.join('{\n')}${'}'.repeat(bodies.length)}\n`
  })
  writeFileSync(join(directory, 'documented.mts'), [...merged(imported), GIVEN, ...functions].join('\n'))
}

const isImport = (line: string): boolean => line.startsWith('import ')

/** One import for each module: two blocks may take the same name of it. */
function merged(imported: readonly string[]): string[] {
  const namesOf = new Map<string, Set<string>>()
  const whole = new Set<string>()
  for (const line of imported) {
    const [, names, from] = /^import \{ (.+) \} from ('.+')$/.exec(line) ?? []
    if (names === undefined || from === undefined) whole.add(line)
    else namesOf.set(from, new Set([...(namesOf.get(from) ?? []), ...names.split(', ')]))
  }
  return [
    ...whole,
    ...Array.from(namesOf, ([from, names]) => `import { ${[...names].join(', ')} } from ${from}`),
  ]
}
