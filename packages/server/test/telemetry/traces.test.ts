/** What a trace shows of a request, with OpenTelemetry's own SDK taking the spans. */
import { propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { expectCreated, type Parsed, startTestServer, type TestService } from '../harness.ts'

const exporter = new InMemorySpanExporter()
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
trace.setGlobalTracerProvider(provider)
propagation.setGlobalPropagator(new W3CTraceContextPropagator())

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
const PARENT_ID = 'b7ad6b7169203331'

afterEach(() => exporter.reset())
afterAll(() => provider.shutdown())

describe('LATCHKEY_TRACES=on', () => {
  let server: TestService
  let key: Parsed
  beforeAll(async () => {
    server = await startTestServer({ LATCHKEY_TRACES: 'on', LATCHKEY_TRUSTED_PROXIES: '192.0.2.10' })
    key = await expectCreated(server, { path: '/keys', body: { userId: server.admin.userId } })
    exporter.reset()
  })
  afterAll(() => server.dispose())

  test('each request is a span, named after its operation', async () => {
    const answer = await server.call({ path: `/keys/${key.id}` })
    const [span, ...others] = exporter.getFinishedSpans()
    expect(others).toEqual([])
    expect(span).toMatchObject({
      name: 'getApiKey',
      kind: SpanKind.SERVER,
      status: { code: SpanStatusCode.UNSET },
      attributes: {
        'http.request.method': 'GET',
        'http.response.status_code': 200,
        'latchkey.request_id': answer.headers['x-request-id'],
      },
    })
    expect(span?.parentSpanContext).toBeUndefined()
  })

  test('the SDK is noticed', () => {
    expect(server.services.traces?.areHeard).toBe(true)
  })

  test("it continues the caller's trace", async () => {
    const headers = { traceparent: `00-${TRACE_ID}-${PARENT_ID}-01` }
    await server.call({ path: '/me', headers })
    const [span] = exporter.getFinishedSpans()
    expect(span?.spanContext().traceId).toBe(TRACE_ID)
    expect(span?.parentSpanContext?.spanId).toBe(PARENT_ID)
  })

  test('a traceparent that is none begins a trace of its own', async () => {
    await server.call({ path: '/me', headers: { traceparent: 'lk' } })
    expect(exporter.getFinishedSpans()[0]?.parentSpanContext).toBeUndefined()
  })

  test('a secret is in no span, wherever it was sent', async () => {
    const secret = String(key.key)
    const sent = [
      { path: `/gateway/check?gatewayToken=${secret}`, key: secret },
      { path: `/keys/${secret}?search=${secret}`, key: secret },
      { path: `/${secret}`, headers: { [secret]: secret, authorization: `Bearer ${secret}` } },
      { method: 'POST', path: '/verify', body: { key: secret, [secret]: secret } },
    ] as const
    for (const request of sent) await server.call(request)
    const spans = exporter.getFinishedSpans()
    expect(spans.map(({ name }) => name)).toEqual(['/gateway/check', 'getApiKey', 'none', 'verifyApiKey'])
    const shown = spans.map(({ name, attributes, events, links, status }) =>
      JSON.stringify({ name, attributes, events, links, status }),
    )
    expect(shown.join('\n')).not.toContain(secret.slice(8))
  })
})

test('a failure of ours is marked as one', async () => {
  const broken = await startTestServer({ LATCHKEY_TRACES: 'on' })
  exporter.reset()
  await broken.services.engine.close()
  const { status } = await broken.call({ path: '/me' })
  expect(status).toBeGreaterThanOrEqual(500)
  expect(exporter.getFinishedSpans()[0]?.status.code).toBe(SpanStatusCode.ERROR)
  await broken.app.close()
})

test('without the setting there is no span', async () => {
  const server = await startTestServer()
  await server.call({ path: '/me' })
  expect(exporter.getFinishedSpans()).toEqual([])
  await server.dispose()
})
