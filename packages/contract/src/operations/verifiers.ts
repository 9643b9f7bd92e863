import {
  ChangesRequest,
  ChangesResult,
  KeyRecordRequest,
  KeyRecordResult,
  UsageReport,
  UsageReportResult,
} from '../schemas/verifiers.ts'
import type { Operation } from './operation.ts'

const tag = 'Verifiers'

/** 1,000 uses have 331 KB at most. */
const REPORT_BYTES_MAX = 512 * 1024

export const verifierOperations = {
  getKeyRecord: {
    method: 'POST',
    path: '/verify/record',
    tag,
    summary: 'What judging a key takes',
    description:
      'For a verifier in your own process, which judges from it until it is told of a change. Nothing of the secret is ' +
      'in it. A text that is no key of yours has no record; tokens are judged by the service.',
    authentication: 'required',
    permission: 'keys:verify',
    body: KeyRecordRequest,
    success: { status: 200, schema: KeyRecordResult },
  },
  followChanges: {
    method: 'POST',
    path: '/changes',
    tag,
    summary: 'What has changed, and how long memory may answer',
    description:
      'For a verifier in your own process. Answers at once when something has changed, or else after `hold`. What you ' +
      'say you have applied is what revocations wait for: until then, or until your lease is over.',
    authentication: 'required',
    permission: 'keys:verify',
    body: ChangesRequest,
    success: { status: 200, schema: ChangesResult },
  },
  reportUsage: {
    method: 'POST',
    path: '/usage/reports',
    tag,
    summary: 'What a verifier has judged',
    description:
      'Adds verdicts that were given elsewhere to the usage of your keys: counts, `lastUsedAt`, addresses. A report that ' +
      'comes again within a day changes nothing.',
    authentication: 'required',
    permission: 'keys:verify',
    body: UsageReport,
    bodyBytesMax: REPORT_BYTES_MAX,
    success: { status: 200, schema: UsageReportResult },
  },
} as const satisfies Record<string, Operation>
