import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'rolldown'
import { writeDeclarations } from './client-build/declarations.ts'
import { ENTRIES, manifest } from './client-build/manifest.ts'

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
  writeDeclarations(PACKAGE, join(directory, 'types'))
  const source = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8'))
  writeFileSync(join(directory, 'package.json'), `${JSON.stringify(manifest(source), null, 2)}\n`)
  cpSync(join(PACKAGE, 'README.md'), join(directory, 'README.md'))
  cpSync(join(ROOT, 'LICENSE'), join(directory, 'LICENSE'))
}

/** The bytes of one entry as an application's own bundler makes it: in one file, without names and space. */
export async function minified(entry: keyof typeof ENTRIES): Promise<string> {
  const { output } = await build({
    input: join(PACKAGE, 'src', ENTRIES[entry]),
    platform: 'neutral',
    write: false,
    output: { format: 'esm', minify: true },
  })
  return output.map((chunk) => ('code' in chunk ? chunk.code : '')).join('')
}

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
      platform: 'neutral',
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
  const directory = out ?? join(PACKAGE, 'dist')
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
