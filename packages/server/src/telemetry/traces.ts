import type { IncomingHttpHeaders } from 'node:http'
import {
  ProxyTracerProvider,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import type { RequestFields } from './events.ts'

/** Spans for whatever OpenTelemetry SDK the process was started with. Loaded only when traces are on. */
export type Traces = {
  /** Whether there was an SDK. Without one the spans go nowhere, and nothing else would tell. */
  readonly areHeard: boolean
  /** One span for one answered request, a child of the span that the caller's `traceparent` names. */
  requestAnswered(fields: RequestFields, headers: IncomingHttpHeaders): void
}

/** What a span says is an allow-list, as for the log: never a URL, a header or a body. */
export function createTraces(): Traces {
  const tracer = trace.getTracer('latchkey')
  const provider = trace.getTracerProvider()
  return {
    areHeard:
      !(provider instanceof ProxyTracerProvider) || provider.getDelegateTracer('latchkey') !== undefined,
    requestAnswered({ operation, method, status, requestId, durationMs }, headers) {
      const { traceparent, tracestate } = headers
      const parent = propagation.extract(ROOT_CONTEXT, { traceparent, tracestate })
      const endedAtMs = Date.now()
      const span = tracer.startSpan(
        operation,
        {
          kind: SpanKind.SERVER,
          startTime: endedAtMs - durationMs,
          // The names of the semantic conventions for HTTP servers.
          attributes: {
            'http.request.method': method,
            'http.response.status_code': status,
            'latchkey.request_id': requestId,
          },
        },
        parent,
      )
      if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
      span.end(endedAtMs)
    },
  }
}
