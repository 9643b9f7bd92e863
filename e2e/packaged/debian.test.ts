/**
 * The Debian package on a Debian with dpkg and systemd: installed, upgraded, removed and purged. Slow (it fetches the
 * Debian), so it runs when it is asked for: npm run test:deb.
 */
import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { buildDebian } from '../../scripts/build-debian.ts'
import { blocksOf } from '../pages/page.ts'
import { boot, installDebian, type Machine } from './debian-machine.ts'
import { needTools } from './tools.ts'

const run = promisify(execFile)
const INSTALL_MS_MAX = 1_200_000
/** lintian unpacks 30 MB. */
const TEST_MS_MAX = 300_000
/** Of 100, by systemd's own count. */
const EXPOSURE_MAX = 20
/** Has the store changed by a release that is not there yet. */
const NEWER = `setpriv --reuid latchkey --regid latchkey --clear-groups /usr/lib/latchkey/node -e "
  new (require('node:sqlite').DatabaseSync)('/var/lib/latchkey/latchkey.db')
    .exec(\\"INSERT INTO migrations VALUES ('9999-of-tomorrow', 0)\\")"`

describe.skipIf(process.env.PACKAGED !== 'debian')('the Debian package', { timeout: TEST_MS_MAX }, () => {
  let directory: string
  let packages: string
  let file: string
  let machine: Machine
  /** The first key of the service. */
  let key: string

  beforeAll(async () => {
    needTools(['debootstrap', 'dpkg-deb', 'lintian', 'nsenter', 'systemd-nspawn'])
    directory = mkdtempSync(join(tmpdir(), 'latchkey-debian-'))
    packages = join(directory, 'packages')
    mkdirSync(packages)
    file = buildDebian(packages, inject('package'), { isFast: false })
    await derive('0.0.1')
    await derive('9.0.0', (tree) => {
      writeFileSync(join(tree, 'DEBIAN/preinst'), '#!/bin/sh\nexit 1\n')
      chmodSync(join(tree, 'DEBIAN/preinst'), 0o755)
    })
    await installDebian(join(directory, 'root'))
    machine = await boot(join(directory, 'root'), packages)
  }, INSTALL_MS_MAX)

  afterAll(async () => {
    await machine?.stop()
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true })
  })

  /** The same under the number of another release. */
  async function derive(version: string, change: (tree: string) => void = () => {}): Promise<void> {
    const tree = join(directory, version)
    await run('dpkg-deb', ['--raw-extract', file, tree])
    const control = join(tree, 'DEBIAN/control')
    writeFileSync(control, readFileSync(control, 'utf8').replace(/^Version: .*/m, `Version: ${version}`))
    change(tree)
    await run('dpkg-deb', ['--build', '--root-owner-group', '-Znone', tree, join(packages, `${version}.deb`)])
    rmSync(tree, { recursive: true })
  }

  const release = () => `/mnt/${file.slice(packages.length + 1)}`
  const wait = 'curl -sS --retry 60 --retry-all-errors --retry-delay 1 -o /dev/null'
  /** Once it is ready, which a start does not wait for. */
  const verify = () =>
    machine.must(`${wait} http://127.0.0.1:7070/readyz
      curl -sS -H 'X-API-KEY: ${key}' --json '{"key":"${key}"}' http://127.0.0.1:7070/verify`)
  const stateOf = async () =>
    (await machine.sh('systemctl is-enabled latchkey; systemctl is-active latchkey')).stdout
  const installed = () => machine.must('dpkg --list latchkey | tail -1')

  it('says nothing that lintian complains about', async () => {
    const args = ['--allow-root', '--fail-on', 'error,warning', '--tag-display-limit', '0', file]
    expect(await run('lintian', args).catch(({ stdout }) => ({ stdout }))).toEqual({ stdout: '', stderr: '' })
  })

  it('is installed and shows its first key as the page says, line by line', async () => {
    const lines = (blocksOf('docs/operate/debian.md')[0]?.text ?? '').split('\n').slice(1)
    const typed = lines.join('\n').replace(/\.\/dist\/latchkey_\S+/, release())
    const said = await machine.must(`set -e\n${typed}`)
    key = /^lk_live_\w+$/m.exec(said)?.[0] ?? said
    expect(JSON.parse(await verify())).toMatchObject({ valid: true })
    expect(await stateOf()).toBe('enabled\nactive\n')
  })

  it('runs as a user of its own, with few rights, and nothing for a doctor to say', async () => {
    const pid = await machine.must('systemctl show --value -p MainPID latchkey')
    expect(await machine.must(`stat -c %U /proc/${pid.trim()}`)).toBe('latchkey\n')
    expect(await machine.must('latchkey doctor')).toMatch(/\nAll is well\.\n$/)
    expect(await machine.sh('systemd-analyze verify latchkey.service')).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    })
    await machine.must(`systemd-analyze security --threshold=${EXPOSURE_MAX} latchkey`)
    await machine.must('useradd --create-home visitor')
    for (const place of ['/var/lib/latchkey/admin.key', '/etc/latchkey/latchkey.env'])
      expect((await machine.sh(`su visitor -c 'cat ${place}'`)).stderr).toMatch(/Permission denied/)
    expect(await machine.must('dpkg --verify latchkey')).toBe('')
  })

  it('begins again when it was killed, and after a start of the machine', async () => {
    await machine.must('systemctl kill --signal KILL latchkey')
    // Until systemd has noticed, the one that dies may take a connection.
    await machine.must('until systemctl show -p NRestarts latchkey | grep -qx NRestarts=1; do sleep 1; done')
    expect(JSON.parse(await verify())).toMatchObject({ valid: true })
    await machine.stop()
    machine = await boot(join(directory, 'root'), packages)
    expect(JSON.parse(await verify())).toMatchObject({ valid: true })
  })

  it('ends in order when it is stopped', async () => {
    await machine.must('systemctl stop latchkey')
    expect(await machine.must('systemctl show -p Result -p ExecMainStatus latchkey')).toBe(
      'Result=success\nExecMainStatus=0\n',
    )
    expect(await machine.must('journalctl -u latchkey -o cat')).toContain(
      'Stopped. Everything acknowledged is stored.',
    )
    await machine.must('systemctl start latchkey')
  })

  it('is upgraded over an older release, with its settings and its keys', async () => {
    await machine.must('dpkg --install /mnt/0.0.1.deb')
    await machine.must('echo LATCHKEY_LOG_LEVEL=warn >> /etc/latchkey/latchkey.env')
    expect(JSON.parse(await verify())).toMatchObject({ valid: true })
    await machine.must(`apt-get install -y ${release()}`)
    expect(JSON.parse(await verify())).toMatchObject({ valid: true })
    expect(await stateOf()).toBe('enabled\nactive\n')
    expect(await machine.must('stat -c "%a %U %G" /etc/latchkey/latchkey.env')).toBe('640 root latchkey\n')
    expect(await machine.must('tail -1 /etc/latchkey/latchkey.env')).toBe('LATCHKEY_LOG_LEVEL=warn\n')
  })

  it('goes back to the release before, and its schema, as the page says', async () => {
    const [backup = '', back = ''] = blocksOf('docs/operate/debian.md')
      .filter(({ text }) => text.includes('before-upgrade.db'))
      .map(({ text }) => `set -e\n${text.replace(/\.\/latchkey_\S+/, '-y /mnt/0.0.1.deb')}`)
    await machine.must(backup)
    await machine.must(`systemctl stop latchkey; ${NEWER}; systemctl start latchkey`)
    expect(await machine.must(back)).toMatch(/\nThe store is in use, under a new epoch\./)
    expect(await installed()).toMatch(/ 0\.0\.1 /)
    expect(JSON.parse(await verify())).toMatchObject({ valid: true })
    await machine.must(`apt-get install -y ${release()}`)
    expect(JSON.parse(await verify())).toMatchObject({ valid: true })
  })

  it('goes on as it was when an upgrade fails', async () => {
    const before = await installed()
    expect((await machine.sh('dpkg --install /mnt/9.0.0.deb')).code).toBe(1)
    expect(await installed()).toBe(before)
    expect(JSON.parse(await verify())).toMatchObject({ valid: true })
  })

  it('goes on as it was when there is no room for the new files', async () => {
    const before = await installed()
    await machine.must(`cp -a /usr/lib/latchkey /root/before
      mount -t tmpfs -o size=160M none /usr/lib/latchkey
      cp -a /root/before/. /usr/lib/latchkey`)
    try {
      const { code, stderr } = await machine.sh(`dpkg --install ${release()}`)
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringContaining('No space left on device'),
      })
      expect(await installed()).toBe(before)
      expect(JSON.parse(await verify())).toMatchObject({ valid: true })
    } finally {
      await machine.must('systemctl stop latchkey; umount /usr/lib/latchkey; systemctl start latchkey')
    }
  })

  it.each([
    ['disable', 'disabled'],
    ['mask', 'masked'],
  ])('leaves a service alone that was told to %s', async (order, state) => {
    await machine.must(`systemctl ${order} --now latchkey`)
    await machine.must(`dpkg --install ${release()}`)
    expect(await stateOf()).toBe(`${state}\ninactive\n`)
    await machine.must('systemctl unmask latchkey; systemctl enable --now latchkey')
  })

  it('keeps settings and data when it is removed, and serves them when it comes again', async () => {
    await machine.must('apt-get remove -y latchkey')
    expect((await machine.sh('command -v latchkey; ls /usr/lib/latchkey')).stdout).toBe('')
    expect((await machine.sh('systemctl is-active latchkey')).stdout).toBe('inactive\n')
    await machine.must(`dpkg --install ${release()}`)
    expect(JSON.parse(await verify())).toMatchObject({ valid: true })
    expect(await machine.must('tail -1 /etc/latchkey/latchkey.env')).toBe('LATCHKEY_LOG_LEVEL=warn\n')
    expect(await stateOf()).toBe('enabled\nactive\n')
  })

  it('leaves nothing but its user when it is purged', async () => {
    await machine.must('apt-get purge -y latchkey')
    const places = '/etc /usr /var /run -xdev -iname "*latchkey*" -not -path "/var/log/*"'
    expect(await machine.must(`find ${places}`)).toBe('')
    expect(await machine.must('getent passwd latchkey')).toMatch(/:\/usr\/sbin\/nologin\n$/)
    expect((await machine.sh('systemctl list-unit-files latchkey.service')).stdout).toMatch(/^0 unit files/m)
  })
})
