/** Signals that supervisors, log rotation and people send, and that mean nothing to the service. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { call } from './calling.ts'
import { createHome, type Home } from './running.ts'

/** The first opens a debugger in a Node that is left to itself, the next two end it. */
const STRAY = ['SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGPIPE', 'SIGWINCH', 'SIGURG', 'SIGCONT', 'SIGHUP'] as const

let home: Home

beforeEach(() => {
  home = createHome()
})
afterEach(() => home.dispose())

describe.skipIf(process.platform === 'win32').each([
  ['one process', '1'],
  ['two', '2'],
])('a service of %s', (_name, workers) => {
  it('serves on whatever it is sent, opens no debugger, and ends in order at SIGQUIT', async () => {
    const service = await home.serve({ settings: { LATCHKEY_WORKERS: workers } })
    const key = home.adminKey()
    for (const signal of STRAY) {
      service.child.kill(signal)
      const answer = await call(service.url, { path: '/verify', key, body: { key } })
      expect({ signal, valid: answer.body.valid }).toEqual({ signal, valid: true })
    }
    const { exitCode, stdout, stderr } = await service.stop('SIGQUIT')
    expect(exitCode).toBe(0)
    expect(stdout).toContain('Everything acknowledged is stored.')
    expect(stderr).not.toMatch(/debugger/i)
    expect(stderr).toMatch(/"signal":"SIGQUIT"/)
  })
})
