/** Who starts the service ends it: npm, whose shell passes no signal on, and the terminal. Others may go. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LATCHKEY, NODE } from './program.ts'
import { atTerminal, createHome, type Home } from './running.ts'

const isLinux = existsSync('/proc/self/stat')

let home: Home
let pids: number[]

beforeEach(() => {
  home = createHome()
  pids = []
})

afterEach(async () => {
  for (const pid of pids.filter(isAlive)) process.kill(pid, 'SIGKILL')
  await home.dispose()
})

/** Says its process id first. */
const serveAs = (name: string) =>
  `sh -c 'echo $$ > ${join(home.directory, name)}; exec ${NODE} ${LATCHKEY} serve'`

function pidOf(name: string): number {
  const pid = Number(readFileSync(join(home.directory, name), 'utf8'))
  pids.push(pid)
  return pid
}

/** One that has ended may still wait for its parent to take notice. */
function isAlive(pid: number): boolean {
  const file = `/proc/${pid}/stat`
  return existsSync(file) && !/\) [ZX] /.test(readFileSync(file, 'utf8'))
}

async function untilGone(pid: number): Promise<void> {
  while (isAlive(pid)) await sleep(20)
}

const parentOf = (pid: number) => Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1])

function npmStart(script: string, settings: Readonly<Record<string, string>> = {}) {
  writeFileSync(join(home.directory, 'package.json'), JSON.stringify({ scripts: { start: script } }))
  return home.start([], {
    settings: {
      PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
      LATCHKEY_DRAIN_SECONDS: '3600',
      ...settings,
    },
    wrap: () => ['npm', 'start'],
  })
}

describe.skipIf(!isLinux)('a service that npm started', () => {
  it.each([
    ['npm is told to stop', 'npm', 'SIGTERM', {}],
    ['npm is killed', 'npm', 'SIGKILL', {}],
    ['the shell between is killed', 'shell', 'SIGKILL', {}],
    ['npm is told to stop, with two processes,', 'npm', 'SIGTERM', { LATCHKEY_WORKERS: '2' }],
  ] as const)('ends in order when %s', async (_what, whom, signal, settings) => {
    const npm = npmStart(serveAs('one'), settings)
    await npm.printed(/Ctrl-C stops it/)
    const service = pidOf('one')
    process.kill(whom === 'npm' ? npm.child.pid! : parentOf(service), signal)
    // It holds the outputs of npm, too: they are closed when both have ended.
    const { stdout } = await npm.ended
    expect(stdout).toContain('Everything acknowledged is stored.')
    await untilGone(service)
  })

  it('stays when its script put it into a session of its own, while one that was not ends', async () => {
    const other = join(home.directory, 'other')
    const staying = `LATCHKEY_DATA_DIR=${other} setsid ${serveAs('stays')}`
    const npm = npmStart(`${staying} & ${serveAs('ends')} & cat`)
    await npm.printed(/Ctrl-C stops it[\s\S]*Ctrl-C stops it/)
    const [stays, ends] = [pidOf('stays'), pidOf('ends')]
    npm.child.kill('SIGKILL')
    await untilGone(ends)
    expect(isAlive(stays)).toBe(true)
    process.kill(stays, 'SIGINT')
    await npm.ended
  })
})

describe('a terminal that is closed', () => {
  it('ends the service in order', async () => {
    const log = join(home.directory, 'log')
    const settings = { LATCHKEY_LOG_LEVEL: 'info' }
    const service = await home.serve({
      settings,
      wrap: (command) => atTerminal(['sh', '-c', `echo $$ > pid; exec "$@" 2>${log}`, 'sh', ...command]),
    })
    const pid = pidOf('pid')
    service.child.kill('SIGKILL')
    await untilGone(pid)
    expect(readFileSync(log, 'utf8')).toMatch(/"signal":"SIGHUP".*"stopping"[\s\S]*"event":"stopped"/)
  })

  it('is nothing to a service without one, as nohup and every supervisor leave it', async () => {
    const service = await home.serve()
    service.child.kill('SIGHUP')
    for (let round = 0; round < 5; round++) {
      expect((await fetch(`${service.url}/healthz`)).status).toBe(200)
    }
    expect((await service.stop('SIGTERM')).exitCode).toBe(0)
  })
})
