import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freePort } from '../packages/server/test/free-port.ts'
import { findProgram } from './gateways/processes.ts'
import { showsAnswer } from './pages/answers.ts'
import { blocksOf, pages, ROOT } from './pages/page.ts'
import { createReader } from './pages/reader.ts'
import { createHome, type Home } from './running.ts'

let home: Home

beforeEach(() => {
  home = createHome()
})

afterEach(async () => {
  endServiceOfPage()
  await home.dispose()
})

type Expected = {
  /** Codes and bare statuses that the answers hold, in order: nothing else is refused. */
  readonly told?: readonly string[]
  /** Blocks that show what comes, word for word but for numbers and ids: those that begin so. */
  readonly shown?: readonly string[]
  /** Blocks of JSON that no command prints: files, lines of a log, what goes into a variable. */
  readonly unseen?: number
  /** What comes on standard error. */
  readonly said?: RegExp
  /** Blocks that no test runs. Each says why, and none is added without a line here. */
  readonly notRun?: number
  /** What the machine must have, and be. */
  readonly needs?: 'nginx and root'
  /** The page starts its own service. */
  readonly startsService?: boolean
}

/** Every page that has commands. */
const PAGES: Readonly<Record<string, Expected>> = {
  'README.md': { told: ['ip_not_allowed', '204', 'key_inactive'], notRun: 2 },
  'docs/operate/audit.md': { notRun: 1 },
  'docs/operate/backup.md': {},
  'docs/operate/debian.md': { notRun: 4 },
  'docs/operate/docker.md': { notRun: 4 },
  'docs/operate/install.md': {
    said: /^Key key_\w+ of user usr_\w+\. It is shown once: store it now\.\n$/,
    notRun: 4,
  },
  'docs/operate/kubernetes.md': { notRun: 5 },
  'docs/operate/monitoring.md': { notRun: 1 },
  'docs/operate/tls.md': {},
  'docs/operate/upgrade.md': { notRun: 2 },
  'docs/use/addresses.md': {},
  'docs/use/api.md': {
    told: ['204', 'invalid_body', 'invalid_ip', 'invalid_field', 'user_not_found'],
    unseen: 1,
  },
  'docs/use/client.md': { notRun: 2, unseen: 1 },
  'docs/use/first-key.md': { told: ['ip_not_allowed', 'VALID', '204', 'INACTIVE'], notRun: 1 },
  'docs/use/gateways.md': { told: ['missing_permission'], needs: 'nginx and root', startsService: true },
  'docs/use/limits.md': {
    told: ['VALID', 'VALID', 'RATE_LIMITED', 'VALID', 'VALID'],
    shown: ['ratelimit-policy'],
  },
  'docs/use/moving-in.md': {
    told: ['VALID'],
    said: /^(The text of --check is the key of line 2 \(active\)\.\n){2}$/,
    notRun: 11,
    unseen: 1,
  },
  'docs/use/people.md': { notRun: 1, unseen: 2 },
  'docs/use/revocation.md': { notRun: 1 },
  'docs/use/usage.md': { told: ['VALID', 'IP_NOT_ALLOWED'], shown: ['DAY '] },
  'docs/use/rotation.md': { told: ['VALID', '204'], unseen: 1 },
  'docs/use/tokens.md': { unseen: 3 },
  'docs/use/verification.md': { told: ['VALID', 'VALID', 'NOT_FOUND'], notRun: 1 },
}

const commandsOf = (page: string) => blocksOf(page).filter(({ language }) => language === 'sh')

/** Other runs have other numbers, days and ids, and so columns of other widths. */
const shapeOf = (text: string) =>
  text
    .replaceAll('\r', '')
    .replaceAll(/key_[0-9a-z]+/g, 'key_')
    .replaceAll(/\d[\d-]*/g, '0')
    .replaceAll(/ +/g, ' ')
    // Between the answers of two commands a page leaves a line free.
    .replaceAll(/ ?\n+/g, '\n')

/** As a reader does it: the one secret that a page cannot know is put in, everything else is as it stands. */
const withKey = (commands: string, key: string) => commands.replace(/^(KEY|ADMIN)='.*'/m, `$1='${key}'`)

describe('whoever pastes the commands of a page into one shell, from top to bottom, sees what it says:', () => {
  it.each(Object.entries(PAGES))(
    '%s',
    async (page, { told = [], shown = [], unseen = 0, said = /^$/, needs, startsService = false }) => {
      if (needs !== undefined && isMissing()) return
      const running = startsService ? undefined : await home.serve()
      const port = running === undefined ? await freePort() : Number(new URL(running.url).port)
      const reader = await createReader(home, port)
      if (running !== undefined) writeFileSync(pidFile(), String(running.child.pid))
      const commands = commandsOf(page).filter(({ notRun }) => notRun === undefined)
      const text = commands.map((block) => block.text).join('\n')
      const { stdout, stderr } = await reader.paste(startsService ? text : withKey(text, home.adminKey()))
      const seen = [...stdout.matchAll(/"code":"(\w+)"|^(204)$|\}(204)$/gm)]
      expect(seen.map(([, code, alone, behind]) => code ?? alone ?? behind)).toEqual(told)
      for (const beginning of shown) {
        const block = blocksOf(page).find(({ text }) => text.startsWith(beginning))
        expect(shapeOf(stdout)).toContain(shapeOf(block?.text ?? `no block begins with ${beginning}`))
      }
      const json = blocksOf(page).filter(({ language }) => language === 'json')
      const others = json.filter(({ text }) => !showsAnswer(text, stdout))
      expect(others.map(({ line, text }) => `${line}: ${text}`)).toHaveLength(unseen)
      expect(stderr).toMatch(said)
      expect(reader.secretsLeft()).toEqual([])
    },
  )
})

describe('the pages', () => {
  it('are all there are, in whatever directory', () => {
    const there = globSync('docs/{use,operate}/**/*.{md,markdown,mdx,txt}', { cwd: ROOT })
    expect(['README.md', ...there.sort()]).toEqual(pages)
  })

  it('with SQL are the one whose SQL is run, in fleet/documented-sql.test.ts', () => {
    const withSql = pages.filter((page) => blocksOf(page).some(({ language }) => language === 'sql'))
    expect(withSql).toEqual(['docs/operate/fleet.md'])
  })

  it.each(pages)('%s has no fence that is read as text, and so pasted by nobody', (page) => {
    const source = readFileSync(join(ROOT, page), 'utf8')
    const fences = source.split('\n').filter((line) => /^\s*(?:>\s*)?(?:`{3,}|~{3,})/.test(line))
    expect(fences).toHaveLength(2 * blocksOf(page).length)
    // Four spaces make a block too, and nobody would paste that.
    expect(source.match(/^\n {4}(?:curl|npx|npm|latchkey) /gm)).toBeNull()
  })

  it('with commands are all tried', () => {
    expect(pages.filter((page) => commandsOf(page).length > 0)).toEqual(Object.keys(PAGES).sort())
  })

  it.each(Object.entries(PAGES))('%s leaves out what it is known to leave out', (page, { notRun = 0 }) => {
    expect(commandsOf(page).filter((block) => block.notRun !== undefined)).toHaveLength(notRun)
  })

  // curl leaves out a header that is empty, and whoever is the operator acts in its own company then.
  it.each(pages)('%s acts for a company only where there is one', (page) => {
    const headers = commandsOf(page).flatMap(({ text }) => text.match(/X-Company-Id: *\$[^"]*/g) ?? [])
    for (const header of headers) expect(header).toMatch(/^X-Company-Id: \$\{\w+:\?\}$/)
  })

  it.each(pages)('%s shows no command as if it were an answer', (page) => {
    const shown = blocksOf(page).filter(({ language }) => language === '')
    const commands = /^(?:curl|npx|npm|node|docker|systemctl|sudo|git|export|kill|latchkey) (?!:)/m
    expect(shown.filter(({ text }) => commands.test(text)).map(({ line }) => line)).toEqual([])
  })
})

const pidFile = () => join(home.directory, 'service.pid')

function endServiceOfPage(): void {
  if (!existsSync(pidFile())) return
  try {
    process.kill(Number(readFileSync(pidFile(), 'utf8')), 'SIGKILL')
  } catch {
    // It is over.
  }
}

/** A machine that is there to find out must not pass by leaving out. */
function isMissing(): boolean {
  const isThere = findProgram('nginx') !== undefined && process.getuid?.() === 0
  if (!isThere && process.env.CI_REQUIRE_GATEWAYS === '1') throw new Error('needs nginx and root')
  return !isThere
}
