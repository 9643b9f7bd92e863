/** The package as it is installed: what is in it, that it is whole, and that it runs where there is nothing else. */
import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { basename, delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import type { Built } from '../scripts/build-dist.ts'
import { call } from './calling.ts'
import { createHome, type Home } from './running.ts'

const run = promisify(execFile)
const ROOT = join(import.meta.dirname, '..')
/** A build and an install take a quarter of a minute when nothing else does. */
const BUILD_MS_MAX = 300_000

const built = inject('package')
let directory: string
let again: Built
let installed: string
let launcher: string

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'latchkey-packed-'))
  again = buildAgain()
  installed = join(directory, 'installed')
  mkdirSync(installed)
  const args = ['install', '--prefix', installed, '--offline', '--no-audit', '--no-fund', built.archive]
  await run('npm', args, { cwd: installed })
  launcher = join(installed, 'node_modules/latchkey/bin/latchkey.js')
}, BUILD_MS_MAX)

/** As somebody builds it who keeps from others what they make. */
function buildAgain(): Built {
  const out = join(directory, 'again')
  const program = join(ROOT, 'scripts/build-dist.ts')
  execFileSync('sh', ['-c', 'umask 077; exec "$@"', 'sh', process.execPath, program, '--out', out])
  const fileOf = (file: string) => join(out, basename(file))
  return { directory: join(out, 'latchkey'), archive: fileOf(built.archive), sbom: fileOf(built.sbom) }
}

afterAll(() => rmSync(directory, { recursive: true, force: true }))

const filesIn = (place: string): string[] =>
  readdirSync(place, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(place, path)).isFile())
    .sort()

const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex')

describe('the package', () => {
  it('is all that is installed', () => {
    expect(readdirSync(join(installed, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
      'latchkey',
    ])
    expect(filesIn(join(installed, 'node_modules/latchkey'))).toEqual(filesIn(built.directory))
  })

  it('holds what runs, its licences, and nothing else', () => {
    const known =
      /^(?:bin\/latchkey\.js|lib\/[\w.-]+\.js|lib\/common-passwords\.txt|console\/(?:index\.html|[\w./-]+\.(?:js|css|svg)(?:\.gz)?)|package\.json|README\.md|LICENSE|THIRD-PARTY-LICENSES)$/
    const files = filesIn(built.directory)
    expect(files.filter((file) => !known.test(file))).toEqual([])
    expect(files.filter((file) => /\.(?:test|spec|d)\.|\.(?:ts|map)$|\btest\b/.test(file))).toEqual([])
    expect(files).toEqual(expect.arrayContaining(['console/index.html', 'lib/integrity-worker.js']))
  })

  it('holds nothing that is made for one machine: it runs wherever its Node does', () => {
    // Programs and libraries of every system, and WebAssembly, have a NUL among their first bytes; what is packed says so.
    const isText = (file: string) => !readFileSync(join(built.directory, file)).includes(0)
    expect(filesIn(built.directory).filter((file) => !file.endsWith('.gz') && !isText(file))).toEqual([])
    const facts = JSON.parse(readFileSync(join(built.directory, 'package.json'), 'utf8'))
    for (const field of ['os', 'cpu', 'libc', 'scripts', 'gypfile', 'dependencies', 'optionalDependencies'])
      expect(facts).not.toHaveProperty(field)
  })

  it('names no place, no person and no address of the machine that built it', () => {
    const places = [ROOT, dirname(built.archive), `${homedir()}/`, 'node_modules/.bin'].filter(
      (place) => place.length > 3,
    )
    for (const file of filesIn(built.directory)) {
      const text = readFileSync(join(built.directory, file), 'latin1')
      expect({ file, found: places.filter((place) => text.includes(place)) }).toEqual({ file, found: [] })
    }
  })

  it('is equal byte for byte when it is built again', () => {
    for (const what of ['archive', 'sbom'] as const) expect(sha256(again[what])).toBe(sha256(built[what]))
  })

  it('comes with checksums that are right', async () => {
    const cwd = dirname(built.archive)
    const { stdout } = await run('sha256sum', ['--check', 'SHA256SUMS'], { cwd })
    expect(stdout).toMatch(/^latchkey-\S+\.tgz: OK\nlatchkey-\S+\.cdx\.json: OK\n$/)
  })

  it('lists the packages that are in it, with their licences, and no other', () => {
    const { components } = JSON.parse(readFileSync(built.sbom, 'utf8'))
    const names: string[] = components.map(({ name }: { readonly name: string }) => name)
    const licenses = readFileSync(join(built.directory, 'THIRD-PARTY-LICENSES'), 'utf8')
    // Of the service, of the command and of the console; and of what only builds and tests.
    expect(names).toEqual(expect.arrayContaining(['pg', 'jose', 'commander', 'react', '@mantine/core']))
    expect(names).not.toEqual(expect.arrayContaining(['vite']))
    for (const { name, version, hashes, licenses: own } of components) {
      expect(licenses).toContain(`\n${name} ${version} (${own[0].license.id})\n`)
      expect(hashes[0].content).toMatch(/^[0-9a-f]{128}$/)
    }
  })
})

describe('the installed package', () => {
  let home: Home

  beforeEach(() => {
    home = createHome(launcher)
  })
  afterEach(() => home.dispose())

  it('serves with two processes, looks after its store, and is as before after a restart', async () => {
    const first = await home.serve({ settings: { LATCHKEY_WORKERS: '2' } })
    const key = home.adminKey()
    expect((await call(first.url, { path: '/verify', key, body: { key } })).body).toMatchObject({
      valid: true,
    })
    const page = await fetch(`${first.url}/console/`)
    expect({ status: page.status, isPage: (await page.text()).includes('<div id="root">') }).toEqual({
      status: 200,
      isPage: true,
    })
    for (const args of [['doctor'], ['backup', 'copy.db'], ['migrate'], ['audit', 'verify']]) {
      const { exitCode, stderr } = await home.run(args)
      expect({ args, exitCode, stderr }).toEqual({ args, exitCode: 0, stderr: '' })
    }
    const { exitCode, stdout } = await first.stop('SIGTERM')
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: expect.stringContaining('acknowledged is stored'),
    })
    for (const args of [
      ['restore', 'copy.db'],
      ['restore', '--accept'],
    ]) {
      expect((await home.run(args)).exitCode).toBe(0)
    }
    const second = await home.serve()
    expect((await call(second.url, { path: '/verify', key, body: { key } })).body).toMatchObject({
      valid: true,
    })
    expect((await second.stop('SIGINT')).exitCode).toBe(0)
  })

  it('says what it is and what it can do', async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    expect((await home.run(['--version'])).stdout).toBe(`${version}\n`)
    expect((await home.run(['--help'])).stdout).toMatch(/serve.*\n[\s\S]*Exit codes:/)
  })

  it.each([
    [
      'without a file',
      (place: string) => unlinkSync(join(place, 'lib/main.js')),
      /lib\/main\.js is missing,/,
    ],
    [
      'without a file of the console',
      (place: string) => unlinkSync(join(place, 'console/index.html')),
      /console\/index\.html is missing,/,
    ],
    [
      'with one that a full disk cut short',
      (place: string) => truncateSync(join(place, 'lib/main.js'), 1_000),
      /lib\/main\.js has 1000 of its \d+ bytes,/,
    ],
  ])('%s says so in one sentence, with the remedy, and makes nothing', async (_what, harm, sentence) => {
    const broken = join(home.directory, 'node_modules/latchkey')
    cpSync(built.directory, broken, { recursive: true })
    harm(broken)
    const wrap = ([node = '', , ...rest]: readonly string[]) => [
      node,
      join(broken, 'bin/latchkey.js'),
      ...rest,
    ]
    const { exitCode, stdout, stderr } = await home.start(['serve'], { wrap }).ended
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
    expect(stderr).toMatch(/^latchkey: [^\n]+: install it again\.\n$/)
    expect(stderr).toMatch(sentence)
    expect(existsSync(home.dataDir)).toBe(false)
  })

  const oldNode = (process.env.PATH ?? '')
    .split(delimiter)
    .map((place) => join(place, 'node'))
    .find((file) => existsSync(file) && !/\/node_modules\//.test(file))

  it.skipIf(oldNode === undefined)('on an old Node says which one is needed, in one sentence', async () => {
    const { stdout: version } = await run(oldNode ?? '', ['--version'])
    if (Number(/^v(\d+)/.exec(version)?.[1]) >= 24) return
    const wrap = ([, ...rest]: readonly string[]) => [oldNode ?? '', ...rest]
    const { exitCode, stdout, stderr } = await home.start(['serve'], { wrap }).ended
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
    expect(stderr).toMatch(/^latchkey: this is Node \S+, and Node 24 or newer is needed: [^\n]+\n$/)
  })

  it.skipIf(oldNode === undefined)('runs on the Node that the remedy fetches beside it', async () => {
    const folder = join(directory, 'beside')
    mkdirSync(folder)
    // Where nobody said yes to it, no package runs a script: npm 12 leaves it out, and this lets older ones refuse it.
    const env = { ...process.env, npm_config_strict_allow_scripts: 'true', npm_config_prefer_offline: 'true' }
    const shell = (line: string) => run('sh', ['-c', line], { cwd: folder, env })
    await shell(`npm install --offline --no-audit --no-fund '${built.archive}'`)
    const ofMachine = { ...process.env, PATH: dirname(oldNode ?? '') }
    const version = () => run('npx', ['latchkey', '--version'], { cwd: folder, env: ofMachine })
    const said = await version().then(
      ({ stdout }) => stdout,
      ({ stderr }) => stderr,
    )
    const remedy = /beside this package with (npm .+), which npx latchkey then uses/.exec(said)?.[1]
    // The Node of the machine is new enough.
    if (remedy === undefined) return
    await shell(remedy)
    expect((await version()).stdout).toBe((await home.run(['--version'])).stdout)
  })
})
