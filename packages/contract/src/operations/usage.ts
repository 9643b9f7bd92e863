import {
  AllowlistPreview,
  AllowlistPreviewRequest,
  KeyUsage,
  KeyUsageQuery,
  UsageList,
  UsageQuery,
} from '../schemas/usage.ts'
import type { Operation } from './operation.ts'

const tag = 'Usage'

/** 1,000 entries have 262 KB at most. */
const ALLOWLIST_BYTES_MAX = 512 * 1024

export const usageOperations = {
  getKeyUsage: {
    method: 'GET',
    path: '/keys/{keyId}/usage',
    tag,
    summary: 'How often a key was used',
    description:
      'Counts every verdict about the key by day: in verifications, at gateways and in the API itself. Days are those ' +
      'of UTC.',
    authentication: 'required',
    permission: 'keys:read',
    query: KeyUsageQuery,
    success: { status: 200, schema: KeyUsage },
  },
  previewAllowlist: {
    method: 'POST',
    path: '/keys/{keyId}/allowlist-preview',
    tag,
    summary: 'What a list of addresses would refuse',
    description:
      'Holds a list against the networks that the key was accepted from within 30 days. Changes nothing.',
    authentication: 'required',
    permission: 'keys:read',
    body: AllowlistPreviewRequest,
    bodyBytesMax: ALLOWLIST_BYTES_MAX,
    success: { status: 200, schema: AllowlistPreview },
  },
  listUsage: {
    method: 'GET',
    path: '/usage',
    tag,
    summary: "How often the company's keys were used",
    description:
      'Sums the verdicts about all keys of the company by day, key, code or user. NOT_FOUND counts texts that match no ' +
      'key, for the company and the key that asked.',
    authentication: 'required',
    permission: 'keys:read',
    query: UsageQuery,
    success: { status: 200, schema: UsageList },
  },
} as const satisfies Record<string, Operation>
