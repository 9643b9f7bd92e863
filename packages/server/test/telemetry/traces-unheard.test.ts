/** Traces that are on in a process without an SDK: no file of this test may load one. */
import { expect, test } from 'vitest'
import { startServer } from '../../src/start.ts'
import { startTestServer } from '../harness.ts'

async function eventsOfStart(environment: Readonly<Record<string, string>>): Promise<string> {
  const server = await startTestServer({ PORT: '0', ...environment })
  const running = await startServer(server.services, { isAlone: true })
  await running.stop()
  return server.logged.join('')
}

test('the start says that the spans go nowhere', async () => {
  const logged = await eventsOfStart({ LATCHKEY_TRACES: 'on' })
  expect(logged).toMatch(/"level":"warn".*"event":"traces_unheard".*no OpenTelemetry SDK was started/)
})

test('nothing is said when they are off', async () => {
  expect(await eventsOfStart({})).not.toContain('traces_unheard')
})
