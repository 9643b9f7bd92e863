/** The Debian package, as far as a look at it tells. What installs it is e2e/packaged/debian.test.ts. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { buildDebian } from '../scripts/build-debian.ts'
import { findProgram } from './gateways/processes.ts'
import { createHome } from './running.ts'

const run = promisify(execFile)
const ROOT = join(import.meta.dirname, '..')
const BUILD_MS_MAX = 300_000
/** Of 100: what a unit lays itself open to, by systemd's own count. A unit without any of it has 96. */
const EXPOSURE_MAX = 20

describe.skipIf(findProgram('dpkg-deb') === undefined)('the Debian package', () => {
  let directory: string
  let file: string
  let tree: string

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'latchkey-debian-'))
    const built = inject('package')
    file = buildDebian(directory, built, { isFast: true })
    const again = join(directory, 'again')
    mkdirSync(again)
    expect(sha256(buildDebian(again, built, { isFast: true }))).toBe(sha256(file))
    rmSync(again, { recursive: true })
    tree = join(directory, 'tree')
    await run('dpkg-deb', ['--raw-extract', file, tree])
  }, BUILD_MS_MAX)

  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  const sha256 = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex')
  const textOf = (path: string) => readFileSync(join(tree, path), 'utf8')

  it('is of this release, for this machine, and keeps the settings through an upgrade', async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    const fields = ['Package', 'Version', 'Architecture']
    const { stdout } = await run('dpkg-deb', ['--field', file, ...fields])
    const architecture = process.arch === 'x64' ? 'amd64' : 'arm64'
    expect(stdout).toBe(`Package: latchkey\nVersion: ${version}\nArchitecture: ${architecture}\n`)
    expect(textOf('DEBIAN/conffiles')).toBe('/etc/latchkey/latchkey.env\n')
  })

  it('brings a Node for the machine that it says it is for', () => {
    // e_machine of its ELF header.
    const machine = readFileSync(join(tree, 'usr/lib/latchkey/node')).readUInt16LE(18)
    expect(machine).toBe(process.arch === 'x64' ? 62 : 183)
  })

  it('is refused on a machine of another kind, in one sentence', async () => {
    const other = join(directory, 'other')
    mkdirSync(join(other, 'DEBIAN'), { recursive: true })
    mkdirSync(join(directory, 'dpkg/updates'), { recursive: true })
    writeFileSync(join(directory, 'dpkg/status'), '')
    const control = textOf('DEBIAN/control').replace(/^Architecture: .*/m, 'Architecture: s390x')
    writeFileSync(join(other, 'DEBIAN/control'), control)
    await run('dpkg-deb', ['--build', '--root-owner-group', other, `${other}.deb`])
    const args = ['--dry-run', '--force-not-root', '--force-depends', '--admindir', join(directory, 'dpkg')]
    const install = (file: string) => run('dpkg', [...args, '--install', file])
    await expect(install(`${other}.deb`)).rejects.toThrow(
      /package architecture \(s390x\) does not match system/,
    )
    expect((await install(file)).stderr).not.toMatch(/architecture/)
  })

  it('is answered for by whoever builds it, and by nobody who was made up', () => {
    expect(textOf('DEBIAN/control')).toContain('\nMaintainer: Local build of Latchkey <root@localhost>\n')
  })

  it('belongs to root, and nobody else may change it', async () => {
    const { stdout } = await run('dpkg-deb', ['--contents', file])
    const lines = stdout.trim().split('\n')
    expect(lines.filter((line) => !/^[d-]rw[x-]r-[x-]r-[x-] root\/root /.test(line))).toEqual([])
    expect(lines.filter((line) => / \.\/(?!$|usr\/|etc\/)/.test(line))).toEqual([])
    expect(lines.filter((line) => /\.test\.|\.ts$/.test(line))).toEqual([])
  })

  it('brings a Node that runs what it brings', async () => {
    const home = createHome(join(tree, 'usr/lib/latchkey/bin/latchkey.js'))
    try {
      const node = join(tree, 'usr/lib/latchkey/node')
      const wrap = ([, ...rest]: readonly string[]) => [node, ...rest]
      const service = await home.serve({ wrap })
      expect((await fetch(`${service.url}/console/`)).status).toBe(200)
      expect((await service.stop()).exitCode).toBe(0)
    } finally {
      await home.dispose()
    }
  })

  it('has scripts that a shell can read', async () => {
    for (const name of ['DEBIAN/postinst', 'DEBIAN/prerm', 'DEBIAN/postrm', 'usr/bin/latchkey']) {
      expect(await run('sh', ['-n', join(tree, name)])).toEqual({ stdout: '', stderr: '' })
    }
  })

  it('lists the Node that it brings beside the packages that are in it', () => {
    const { components } = JSON.parse(textOf('usr/share/doc/latchkey/sbom.cdx.json'))
    const names = components.map(({ name }: { readonly name: string }) => name)
    expect(names).toEqual(expect.arrayContaining(['node', 'pg', 'react']))
    expect(textOf('usr/share/doc/latchkey/copyright')).toContain('Copyright Node.js contributors')
  })

  const analyze = findProgram('systemd-analyze')

  it.skipIf(analyze === undefined)(
    'has a unit that systemd takes, and that lays itself open to little',
    async () => {
      const unit = join(directory, 'latchkey.service')
      const text = textOf('usr/lib/systemd/system/latchkey.service')
      expect(text).not.toMatch(/\/opt\/|node_modules/)
      writeFileSync(unit, text.replaceAll('/usr/bin/latchkey', join(tree, 'usr/bin/latchkey')))
      expect(await run(analyze ?? '', ['verify', unit])).toEqual({ stdout: '', stderr: '' })
      const args = ['security', '--offline=true', `--threshold=${EXPOSURE_MAX}`, unit]
      await run(analyze ?? '', args)
    },
  )

  it('leaves the settings where the command reads them', () => {
    expect(readdirSync(join(tree, 'etc/latchkey'))).toEqual(['latchkey.env'])
    expect(textOf('etc/latchkey/latchkey.env')).toMatch(/^LATCHKEY_DATA_DIR=\/var\/lib\/latchkey$/m)
    expect(textOf('usr/bin/latchkey')).toContain('/etc/latchkey/latchkey.env')
  })
})
