/** Every block of a page that configures something is taken by the program that it is for. */

import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { readConfig } from '@latchkey/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse as parseYaml } from 'yaml'
import { freePort } from '../packages/server/test/free-port.ts'
import { createSelfSigned } from '../packages/server/test/tokens/self-signed.ts'
import { findProgram } from './gateways/processes.ts'
import { type Block, blocksOf, pages, ROOT } from './pages/page.ts'

const run = promisify(execFile)

let home: string
/** Where nginx and HAProxy look for what pages name, and this machine has elsewhere. */
let changes: readonly (readonly [said: string, meant: string])[]

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'latchkey-configurations-'))
  const { cert, key } = createSelfSigned()
  writeFileSync(join(home, 'cert.pem'), cert)
  writeFileSync(join(home, 'key.pem'), key)
  changes = [
    ['/etc/ssl/keys.example.com.pem', join(home, 'cert.pem')],
    ['/etc/ssl/keys.example.com.key', join(home, 'key.pem')],
    ['listen 443', `listen 127.0.0.1:${await freePort()}`],
  ]
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

/** Writes a configuration as it is on this machine; answers its file. */
function written(name: string, text: string): string {
  const file = join(home, name)
  writeFileSync(
    file,
    changes.reduce((changed, [said, meant]) => changed.replaceAll(said, meant), text),
  )
  return file
}

async function checkNginx(text: string): Promise<void> {
  const directories = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => {
    mkdirSync(join(home, name), { recursive: true })
    return `${name}_temp_path ${join(home, name)};`
  })
  // A location by itself is for the server and the upstream that the page has shown before it.
  const whole = /^location\b/.test(text)
    ? `upstream latchkey { server 127.0.0.1:7070; }\nserver {\nlisten 443;\n${text}}`
    : text
  const file = written('nginx.conf', `events {}\nhttp {\n${directories.join('\n')}\n${whole}\n}\n`)
  const { stderr } = await run(programOf('nginx'), [
    '-t',
    '-c',
    file,
    '-g',
    `pid ${join(home, 'pid')};`,
    '-e',
    'stderr',
  ])
  expect(stderr).not.toMatch(/\[(warn|error|emerg)\]/)
}

async function checkHaproxy(text: string): Promise<void> {
  const times = ['connect', 'client', 'server'].map((name) => `  timeout ${name} 5s`)
  const defaults = ['defaults', '  mode http', ...times].join('\n')
  const frontend = `frontend f\n  bind 127.0.0.1:${await freePort()}\n  default_backend latchkey`
  const file = written('haproxy.cfg', `${defaults}\n${frontend}\n${text}\n`)
  const { stdout, stderr } = await run(programOf('haproxy'), ['-c', '-f', file])
  expect(stdout + stderr).not.toMatch(/\[(WARNING|ALERT)\]/)
}

async function checkCaddy(text: string): Promise<void> {
  const file = written('Caddyfile', text)
  const env = { ...process.env, HOME: home, XDG_DATA_HOME: home, XDG_CONFIG_HOME: home }
  await run(programOf('caddy'), ['validate', '--adapter', 'caddyfile', '--config', file], { env })
}

/** Settings as they stand in a file of a unit, or of an environment. */
async function checkSettings(text: string): Promise<void> {
  const lines = text.split('\n').map((line) => line.replace(/^Environment=/, ''))
  const settings = Object.fromEntries(
    lines.filter((line) => /^[A-Z_]+=/.test(line)).map((line) => line.split(/=(.*)/s).slice(0, 2)),
  )
  const isUnit = text.startsWith('[Service]')
  if (!isUnit) expect(Object.keys(settings).length).toBeGreaterThan(0)
  expect(() => readConfig({ LATCHKEY_SECRET_FILE: '/etc/latchkey/server.secret', ...settings })).not.toThrow()
  if (isUnit) await checkUnit(text)
}

/** The unit of the repository, with these lines of `systemctl edit` beside it. */
async function checkUnit(dropIn: string): Promise<void> {
  const analyze = findProgram('systemd-analyze')
  if (analyze === undefined) return
  const unit = readFileSync(join(ROOT, 'docs/operate/latchkey.service'), 'utf8')
  const file = written('latchkey.service', unit.replaceAll('/opt/latchkey', ROOT))
  mkdirSync(`${file}.d`, { recursive: true })
  written('latchkey.service.d/override.conf', dropIn.replace('/usr/bin/node', process.execPath))
  const { stderr } = await run(analyze, ['verify', file])
  expect(stderr).toBe('')
}

/** Throws where a machine that is there to find out has not what it needs. */
function programOf(name: string): string {
  const program = findProgram(name)
  if (program === undefined) throw new Error(`${name} is not installed`)
  return program
}

const isMissing = (name: string) => process.env.CI_REQUIRE_GATEWAYS !== '1' && findProgram(name) === undefined
/** Parts left out of an answer, as it is shown. */
const isShortened = (text: string) => text.includes('…')

/** What each language of a block is held against; undefined: something else tries it. */
const CHECKS: Readonly<Record<string, ((text: string) => Promise<void> | void) | undefined>> = {
  nginx: (text) => (isMissing('nginx') ? undefined : checkNginx(text)),
  haproxy: (text) => (isMissing('haproxy') ? undefined : checkHaproxy(text)),
  caddyfile: (text) => (isMissing('caddy') ? undefined : checkCaddy(text)),
  ini: checkSettings,
  yaml: (text) => void parseYaml(text),
  json: (text) => (isShortened(text) ? undefined : void JSON.parse(text)),
  ts: (text) => void stripTypeScriptTypes(text),
  js: (text) => void stripTypeScriptTypes(text),
  // Commands: documented-commands.test.ts. Answers are only shown. SQL: fleet/documented-sql.test.ts.
  sh: undefined,
  '': undefined,
  sql: undefined,
  // documented-code.test.ts, where there is Python.
  python: undefined,
  // Its tools are not there.
  go: undefined,
}

const all: readonly (readonly [where: string, Block])[] = pages.flatMap((page) =>
  blocksOf(page).map((block) => [`${page}:${block.line} (${block.language})`, block] as const),
)

describe('a block of a page is what its program takes:', () => {
  it.each(all.filter(([, { language }]) => CHECKS[language] !== undefined))('%s', async (_where, block) => {
    await CHECKS[block.language]?.(block.text)
  })

  it('each is in a language that is looked at', () => {
    expect(
      all.filter(([, { language }]) => !Object.hasOwn(CHECKS, language)).map(([where]) => where),
    ).toEqual([])
  })

  it('none is left out but commands', () => {
    expect(all.filter(([, { language, notRun }]) => notRun !== undefined && language !== 'sh')).toEqual([])
  })

  it('none looks like a configuration and says that it is only shown', () => {
    const looks =
      /^\s*(?:upstream|server|location|backend|frontend|reverse_proxy|\[\w+\]|CREATE|GRANT)\b[^:]*[{;]?$/m
    expect(
      all.filter(([, { language, text }]) => language === '' && looks.test(text)).map(([where]) => where),
    ).toEqual([])
  })
})
