import { execFileSync } from 'node:child_process'
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const TSC = fileURLToPath(new URL('../../node_modules/.bin/tsc', import.meta.url))

/** Writes the declarations of a package for both module systems. Throws when one would need another package. */
export function writeDeclarations(packageDirectory: string, directory: string): void {
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
    for (const path of globSync('**/*.d.ts', { cwd: emitted })) {
      const text = readFileSync(join(emitted, path), 'utf8')
      if (text.includes('@latchkey/'))
        throw new Error(`${path}: a published type comes from a package that is not published`)
      write(join(directory, path), text.replace(RELATIVE, '$1.js$2'))
      write(join(directory, path.replace(/\.d\.ts$/, '.d.cts')), text.replace(RELATIVE, '$1.cjs$2'))
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** A file of the package in an import or export: its source is named there. */
const RELATIVE = /((?:from|import\()\s*['"]\.[^'"]*)\.ts(['"])/g

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
