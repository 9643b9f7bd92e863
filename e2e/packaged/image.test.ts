/**
 * The image of the Dockerfile, built and run by podman. Slow, so it runs when it is asked for: npm run test:image.
 * With BASE=made the base image is not fetched, but made of a Debian and the Node that the project pins.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { freePort } from '../../packages/server/test/free-port.ts'
import { call } from '../calling.ts'
import { blocksOf, ROOT } from '../pages/page.ts'
import { engine, makeBase, must } from './engine.ts'
import { needTools } from './tools.ts'

const BUILD_MS_MAX = 1_200_000
const TEST_MS_MAX = 300_000
const IMAGE = `localhost/latchkey-test-${process.pid}`
const BASE = `docker.io/library/${/^FROM (\S+)$/m.exec(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))?.[1]}`

describe.skipIf(process.env.PACKAGED !== 'image')('the image', { timeout: TEST_MS_MAX }, () => {
  const isMade = process.env.BASE === 'made'
  /** What the page says to type: how it is built, and how it is run. */
  const [build = '', start = ''] =
    blocksOf('docs/operate/docker.md')
      .find(({ text }) => text.startsWith('docker build'))
      ?.text.split(/\n(?=docker run)/) ?? []
  let directory: string
  let name: string
  let port: number
  let url: string

  beforeAll(async () => {
    needTools(['podman', ...(isMade ? ['debootstrap'] : [])])
    directory = mkdtempSync(join(tmpdir(), 'latchkey-image-'))
    if (isMade) await makeBase(BASE, join(directory, 'root'))
    await must(`cd '${ROOT}' && ${build.replace('-t latchkey', `--format docker -t ${IMAGE}`)}`)
  }, BUILD_MS_MAX)

  afterAll(async () => {
    await engine(`podman rmi --force ${IMAGE} ${isMade ? BASE : ''}`)
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true })
  })

  beforeEach(async ({ task }) => {
    name = `latchkey-${process.pid}-${task.id.replaceAll(/\W/g, '-')}`
    port = await freePort()
    url = `http://127.0.0.1:${port}`
  })

  afterEach(async () => {
    await engine(`podman rm --force --time 0 ${name}; podman volume rm --force ${name}`)
  })

  /** The page's line, with a name, a port and a volume of its own. */
  const asOnThePage = () =>
    start
      .replace('docker run', `docker run --name ${name}`)
      .replace('127.0.0.1:7070:', `127.0.0.1:${port}:`)
      .replace('-v latchkey:', `-v ${name}:`)
      .replace(/ latchkey\s*$/, ` ${IMAGE}`)

  const inNewContainer = (rest: string, input: string) =>
    `podman run --rm -i --user 10001:0 -v ${name}:/data ${rest} < '${input}'`

  /** The page's lines about backups, of one container where they speak of the service of compose.yaml. */
  const linesOfCompose = () =>
    blocksOf('docs/operate/docker.md')
      .filter(({ text }) => text.includes('docker compose exec latchkey latchkey'))
      .map(({ text }) => text)
      .filter((text) => text.includes('monday.db'))
      .map((text) =>
        text
          .replaceAll('docker compose exec latchkey', `podman exec ${name}`)
          .replaceAll('docker compose cp latchkey:', `podman cp ${name}:`)
          .replaceAll(
            /docker compose run --rm -T (.*?)latchkey/g,
            `podman run --rm -i --user 10001:0 -v ${name}:/data $1${IMAGE}`,
          )
          .replace('docker compose stop', `podman wait ${name}`)
          .replace('docker compose start', `podman start ${name}`),
      )
      .map((text) => `set -e\n${text}`)

  const isReady = () =>
    must(`curl -sS --retry 60 --retry-connrefused --retry-all-errors --retry-delay 1 ${url}/readyz`)
  const keyOf = async () => (await must(`podman exec ${name} cat /data/admin.key`)).trim()
  const verify = async (key: string) => (await call(url, { path: '/verify', key, body: { key } })).body
  const exitCode = async () => Number(await must(`podman inspect --format '{{.State.ExitCode}}' ${name}`))

  it('is the package on its base, belongs to root, and has nothing of the build', async () => {
    const inside = (line: string) =>
      must(`podman run --rm --network none --entrypoint sh ${IMAGE} -c '${line}'`)
    expect(await inside('id -u; id -g; ls -d /source /built 2>/dev/null || true')).toBe('1000\n0\n')
    expect(await inside('find /opt/latchkey ! -user 0 -o -perm /022 ! -type l')).toBe('')
    expect(await inside('ls /opt/latchkey')).toMatch(/^LICENSE\nREADME\.md\nTHIRD-PARTY-LICENSES\nbin\n/)
  })

  it('runs as the page says, and is asked from outside', async () => {
    await must(asOnThePage())
    await isReady()
    const key = await keyOf()
    expect(await verify(key)).toMatchObject({ valid: true })
    expect((await fetch(`${url}/console/`)).status).toBe(200)
    const processes = await must(`podman exec ${name} sh -c 'id -u; id -g; tr "\\0" " " < /proc/1/cmdline'`)
    expect(processes).toBe('10001\n0\nnode /usr/local/bin/latchkey serve ')
    const doctor = await engine(`podman exec ${name} latchkey doctor`)
    expect(doctor).toMatchObject({ code: 0, stdout: expect.stringMatching(/\n0 problems, 1 warning\.\n$/) })
    expect((await engine(`podman exec ${name} touch /opt/latchkey/x`)).stderr).toMatch(
      /Read-only file system/,
    )
  })

  it('ends with 0 when it is stopped, and keeps its data for the next container', async () => {
    await must(asOnThePage())
    await isReady()
    const key = await keyOf()
    await must(`podman stop ${name}`)
    expect(await exitCode()).toBe(0)
    expect((await engine(`podman logs ${name}`)).stdout).toMatch(
      /\nStopped\. Everything acknowledged is stored\.\n$/,
    )
    await must(`podman rm ${name}`)
    await must(asOnThePage())
    await isReady()
    expect(await verify(key)).toMatchObject({ valid: true })
    // Killed, it loses nothing either.
    await must(`podman kill ${name} && podman wait ${name} && podman start ${name}`)
    await isReady()
    expect(await verify(key)).toMatchObject({ valid: true })
  })

  it('is backed up and restored by the lines of the page, and then refuses no key', async () => {
    await must(asOnThePage())
    await isReady()
    const key = await keyOf()
    const folder = join(directory, 'kept')
    mkdirSync(folder)
    const [backup = '', restore = ''] = linesOfCompose()
    await must(`cd '${folder}' && ${backup}`)
    // The store of another machine, which has nothing of this one but what was kept.
    await must(`podman exec ${name} sh -c 'rm /data/*.db* /data/server.secret'; podman kill ${name}`)
    await must(
      inNewContainer(
        `--entrypoint sh ${IMAGE} -c 'umask 077; cat > /data/server.secret'`,
        `${folder}/server.secret`,
      ),
    )
    await must(`cd '${folder}' && ${restore}`)
    await isReady()
    expect(await verify(key)).toMatchObject({ valid: true })
  })

  it('says that it is well, and no longer while it drains', async () => {
    await must(asOnThePage().replace('run', 'run -e LATCHKEY_DRAIN_SECONDS=20'))
    await isReady()
    const [kind, ...words] = JSON.parse(
      await must(`podman inspect --format '{{json .Config.Healthcheck.Test}}' ${name}`),
    )
    expect(kind).toBe('CMD')
    const line = words.map((word: string) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
    expect((await engine(`podman exec ${name} ${line}`)).code).toBe(0)
    await must(`podman kill --signal TERM ${name}`)
    // A signal is answered a moment later.
    await must(`while podman exec ${name} ${line}; do :; done`)
    expect((await engine(`podman exec ${name} ${line}`)).code).toBe(1)
    await must(`podman wait ${name}`)
    expect(await exitCode()).toBe(0)
  })

  it.each(['', '--user 1000680000:0', '-e LATCHKEY_WORKERS=2'])(
    'runs with %j on a root that is read-only',
    async (also) => {
      await must(
        `podman run -d --name ${name} --read-only --cap-drop ALL ${also} -p 127.0.0.1:${port}:7070 -v ${name}:/data ${IMAGE}`,
      )
      await isReady()
      expect(await verify(await keyOf())).toMatchObject({ valid: true })
      expect(
        await must(`podman exec ${name} sh -c 'stat -c "%a %u" /data/latchkey.db /data/admin.key; id -u'`),
      ).toMatch(/^600 (\d+)\n600 \1\n\1\n$/)
    },
  )

  it.each(['1000:0', '10001:10001'])(
    'as %s says in one sentence that the volume is not its own, and runs when it is told to whom to give it',
    async (user) => {
      const begin = `podman run --name ${name} --user ${user} --read-only -v ${name}:/data`
      await must(
        `podman run --rm --user 0 -v ${name}:/data --entrypoint sh ${IMAGE} -c 'chown 0:0 /data; chmod 755 /data'`,
      )
      const { code, stdout, stderr } = await engine(`${begin} ${IMAGE}`)
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      const said = stderr.split('\n').filter((line) => !line.startsWith('time='))
      const number = user.split(':')[0]
      expect(said).toEqual([
        `latchkey: The data directory /data cannot be written (EACCES: permission denied, open '/data/.write-test-1'): give it to the user that the service runs as (number ${number}), or choose another with LATCHKEY_DATA_DIR.`,
        '',
      ])
      await must(
        `podman run --rm --user 0 -v ${name}:/data --entrypoint chown ${IMAGE} ${number} /data; podman rm ${name}`,
      )
      await must(`${begin} -d -p 127.0.0.1:${port}:7070 ${IMAGE}`)
      await isReady()
    },
  )
})
