import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const TSC = fileURLToPath(new URL('../../node_modules/.bin/tsc', import.meta.url))

/**
 * Writes the declarations of what can be imported, for both module systems: of these files of the source, and of what they
 * name. Throws when one would need another package.
 */
export function writeDeclarations(
  packageDirectory: string,
  directory: string,
  entries: readonly string[],
): void {
  const scratch = mkdtempSync(join(tmpdir(), 'latchkey-types-'))
  try {
    execFileSync(process.execPath, [
      TSC,
      '-p',
      join(packageDirectory, 'tsconfig.build.json'),
      '--outDir',
      scratch,
    ])
    const emitted = join(scratch, 'client/src')
    const paths = new Set(entries.map((entry) => entry.replace(/\.ts$/, '.d.ts')))
    for (const path of paths) {
      const text = readFileSync(join(emitted, path), 'utf8')
      if (text.includes('@latchkey/'))
        throw new Error(`${path}: a published type comes from a package that is not published`)
      for (const [, named = ''] of text.matchAll(NAMED)) paths.add(join(dirname(path), `${named}.d.ts`))
      write(join(directory, path), text.replace(RELATIVE, '$1.js$2'))
      write(join(directory, path.replace(/\.d\.ts$/, '.d.cts')), text.replace(RELATIVE, '$1.cjs$2'))
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

const NAMED = /(?:from|import\()\s*['"](\.[^'"]*)\.ts['"]/g

/** A file of the package in an import or export: its source is named there. */
const RELATIVE = /((?:from|import\()\s*['"]\.[^'"]*)\.ts(['"])/g

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
