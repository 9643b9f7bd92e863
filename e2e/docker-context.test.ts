/** The image is built of what the Dockerfile copies, and of nothing else of the checkout. */
import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const BUILD_MS_MAX = 240_000
const linesOf = (file: string) => readFileSync(join(ROOT, file), 'utf8').split('\n')

/** What is copied out of the checkout. */
const copied = linesOf('Dockerfile').flatMap((line) => {
  const [, words] = /^COPY (?!--from)(.+)$/.exec(line) ?? []
  return words?.split(' ').slice(0, -1) ?? []
})

const rules = linesOf('.dockerignore').filter((line) => line !== '')

/** The last rule that fits counts. */
function isIgnored(path: string): boolean {
  const fits = (pattern: string) =>
    pattern.startsWith('**/*')
      ? path.endsWith(pattern.slice(4))
      : pattern.startsWith('**/')
        ? basename(path) === pattern.slice(3)
        : path === pattern || path.startsWith(`${pattern}/`)
  return rules.reduce(
    (ignored, rule) => (fits(rule.replace('!', '')) ? !rule.startsWith('!') : ignored),
    false,
  )
}

test(
  'the package can be built of it',
  async () => {
    const context = mkdtempSync(join(tmpdir(), 'latchkey-image-'))
    try {
      for (const source of copied) {
        expect(isIgnored(source), source).toBe(false)
        cpSync(join(ROOT, source), join(context, source), {
          recursive: true,
          filter: (file) => basename(file) !== 'node_modules' && !isIgnored(file.slice(ROOT.length)),
        })
      }
      const options = { cwd: context, maxBuffer: 64 * 1024 * 1024 }
      await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'], options)
      await run(process.execPath, ['scripts/build-dist.ts', '--out', join(context, 'built')], options)
      expect(existsSync(join(context, 'built/latchkey/console/index.html'))).toBe(true)
    } finally {
      rmSync(context, { recursive: true, force: true })
    }
  },
  BUILD_MS_MAX,
)
