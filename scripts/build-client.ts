import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'rolldown'
import { writeDeclarations } from './client-build/declarations.ts'
import { ENTRIES, manifest } from './client-build/manifest.ts'
import { outDirectory } from './out-directory.ts'

const HELP = `Builds @latchkey/client as it is published: JavaScript of both module systems, and types.

  node scripts/build-client.ts                  into packages/client/dist, from where: npm pack ./packages/client/dist
  node scripts/build-client.ts --out DIRECTORY  into another
`

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PACKAGE = join(ROOT, 'packages/client')

/** Makes the folder anew: what is in it is the package, and nothing else. */
export async function buildClient(directory: string): Promise<void> {
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  await writeScripts(directory)
  writeDeclarations(PACKAGE, join(directory, 'types'), Object.values(ENTRIES))
  const source = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8'))
  writeFileSync(join(directory, 'package.json'), `${JSON.stringify(manifest(source), null, 2)}\n`)
  cpSync(join(PACKAGE, 'README.md'), join(directory, 'README.md'))
  cpSync(join(ROOT, 'LICENSE'), join(directory, 'LICENSE'))
}

/**
 * The code of one entry as an application's own bundler makes it, without names and space: what is loaded at once, and
 * all that may be.
 */
export async function minified(entry: keyof typeof ENTRIES): Promise<{ atOnce: string; whole: string }> {
  const { output } = await build({
    input: join(PACKAGE, 'src', ENTRIES[entry]),
    ...ANYWHERE,
    write: false,
    output: { format: 'esm', minify: true },
  })
  const chunks = output.filter((file) => file.type === 'chunk')
  const atOnce = new Set(chunks.filter(({ isEntry }) => isEntry))
  for (const { imports } of atOnce)
    for (const chunk of chunks) if (imports.includes(chunk.fileName)) atOnce.add(chunk)
  const codeOf = (some: Iterable<(typeof chunks)[number]>) => [...some].map(({ code }) => code).join('')
  return { atOnce: codeOf(atOnce), whole: codeOf(chunks) }
}

/** What core takes from Node for the server is not used here, and would not be found everywhere. */
const ANYWHERE = {
  platform: 'neutral',
  external: /^node:/,
  treeshake: { moduleSideEffects: 'no-external' },
} as const

async function writeScripts(directory: string): Promise<void> {
  const input = Object.fromEntries(
    Object.entries(ENTRIES).map(([name, file]) => [name, join(PACKAGE, 'src', file)]),
  )
  for (const [format, extension] of [
    ['esm', 'js'],
    ['cjs', 'cjs'],
  ] as const) {
    await build({
      input,
      ...ANYWHERE,
      transform: { target: 'es2022' },
      output: {
        dir: directory,
        format,
        entryFileNames: `[name].${extension}`,
        chunkFileNames: `chunks/[name].${extension}`,
      },
    })
  }
}

async function run(): Promise<void> {
  const { out, help } = parseArgs({
    options: { out: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  }).values
  if (help) return console.log(HELP)
  const directory = outDirectory(out, join(PACKAGE, 'dist'))
  await buildClient(directory)
  console.log(`${directory} written`)
}

if (import.meta.main) {
  try {
    await run()
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}
