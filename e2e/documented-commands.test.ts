import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createHome, type Home } from './running.ts'

const run = promisify(execFile)

let home: Home

beforeEach(() => {
  home = createHome()
})

afterEach(() => home.dispose())

/** What a page tells a reader to paste, in order, but for installing and starting. */
function commandsOf(page: string): string {
  const text = readFileSync(join(import.meta.dirname, '..', page), 'utf8')
  const blocks = [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block!)
  return blocks.filter((block) => !/\bnpm\b/.test(block)).join('\n')
}

/** As a reader does it: the page's placeholders for key and address are replaced, everything else is as it stands. */
function filledIn(commands: string, key: string, url: string): string {
  const filled = commands.replace(/^KEY='.*'/m, `KEY='${key}'`).replace(/^API=\S+/m, `API=${url}`)
  if (!filled.includes(key) || !filled.includes(url)) throw new Error('the page sets no KEY or no API')
  return filled
}

describe('whoever pastes the commands of a page, one after the other, sees what it says:', () => {
  it.each([
    ['README.md', ['ip_not_allowed', '204', 'key_inactive']],
    ['docs/use/first-key.md', ['ip_not_allowed', 'VALID', '204', 'INACTIVE']],
  ])('%s', async (page, told) => {
    const { url } = await home.serve()
    const commands = filledIn(commandsOf(page), home.adminKey(), url)
    const { stdout, stderr } = await run('sh', ['-c', commands], { cwd: home.directory })
    expect(stderr).toBe('')
    const seen = [...stdout.matchAll(/"code":"(\w+)"|^(204)$|\}(204)$/gm)]
    expect(seen.map(([, code, alone, behind]) => code ?? alone ?? behind)).toEqual(told)
  })
})
