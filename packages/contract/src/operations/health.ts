import { Health, Readiness } from '../schemas/health.ts'
import type { Operation } from './operation.ts'

const tag = 'Operation'

export const healthOperations = {
  getHealth: {
    method: 'GET',
    path: '/healthz',
    tag,
    summary: 'Whether the process lives',
    description: 'Answers 200 as long as the process can answer at all, whatever Accept and query ask for.',
    authentication: 'none',
    permission: null,
    isProbe: true,
    success: { status: 200, schema: Health },
  },
  getReadiness: {
    method: 'GET',
    path: '/readyz',
    tag,
    summary: 'Whether the service can do its work',
    description: 'Answers 200 when the store answers, else 503, whatever Accept and query ask for.',
    authentication: 'none',
    permission: null,
    isProbe: true,
    success: { status: 200, schema: Readiness },
  },
} as const satisfies Record<string, Operation>
