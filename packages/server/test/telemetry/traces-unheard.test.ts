/** Traces that are on in a process without an SDK. */
import { trace } from '@opentelemetry/api'
import { beforeAll, expect, test } from 'vitest'
import { startServer } from '../../src/start.ts'
import { startTestServer } from '../harness.ts'

// Another file may have been run in this process before, with an SDK.
beforeAll(() => trace.disable())

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
