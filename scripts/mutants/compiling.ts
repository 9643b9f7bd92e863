import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Mutant, mutated } from './find-mutants.ts'

/**
 * Those of the mutants that compile: what the compiler refuses needs no test. Each is written as a file of its own
 * under `folder`, beside the originals in the compiler's eyes, and one run looks at all.
 */
export function compiling(
  root: string,
  folder: string,
  mutants: readonly Mutant[],
  textOf: (path: string) => string,
): Mutant[] {
  rmSync(folder, { recursive: true, force: true })
  for (const mutant of mutants) {
    const file = join(folder, copyOf(mutant))
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, mutated(textOf(mutant.path), mutant))
  }
  const config = {
    extends: join(root, 'tsconfig.base.json'),
    // A name that is not used any more is not wrong for that.
    compilerOptions: {
      rootDirs: [root, folder],
      types: ['node'],
      noUnusedLocals: false,
      noUnusedParameters: false,
    },
    include: ['packages'],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  const refused = new Set<string>()
  for (let isWhole = false; !isWhole; ) {
    const found = refusedFiles(root, folder)
    // Where something cannot be parsed the compiler looks at no types: what is left is looked at again without it.
    isWhole = found.unparsed.size === 0
    for (const file of found.unparsed) rmSync(join(folder, file))
    for (const file of [...found.unparsed, ...found.refused]) refused.add(file)
  }
  const compiling = mutants.filter((mutant) => !refused.has(copyOf(mutant)))
  rmSync(folder, { recursive: true, force: true })
  return compiling
}

const copyOf = ({ path, number }: Mutant): string => path.replace(/\.ts$/, `.mutant-${number}.ts`)

const OUTPUT_BYTES_MAX = 256 * 1024 * 1024

/** `unparsed`: those of them that are no TypeScript at all. */
function refusedFiles(root: string, folder: string): Record<'refused' | 'unparsed', Set<string>> {
  const { stdout, status } = spawnSync(
    process.execPath,
    [join(root, 'node_modules/typescript/bin/tsc'), '--noEmit', '--pretty', 'false', '-p', folder],
    { cwd: folder, encoding: 'utf8', maxBuffer: OUTPUT_BYTES_MAX },
  )
  const [refused, unparsed] = [new Set<string>(), new Set<string>()]
  for (const [line, file = '', code = ''] of stdout.matchAll(/^(\S[^(\n]*)\(\d+,\d+\): error (\w+).*$/gm)) {
    if (!/\.mutant-\d+\.ts$/.test(file)) throw new Error(`the compiler stumbles over the originals: ${line}`)
    refused.add(file)
    if (/^TS1\d{3}$/.test(code)) unparsed.add(file)
  }
  // 1 and 2: there are errors. Anything else, or errors that were not understood, is not an answer.
  if (status !== 0 && refused.size === 0) throw new Error(`the compiler failed: ${stdout.slice(0, 2_000)}`)
  return { refused, unparsed }
}
