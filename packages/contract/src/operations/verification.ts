import {
  VerifyBatchRequest,
  VerifyBatchResult,
  VerifyRequest,
  VerifyResult,
} from '../schemas/verification.ts'
import type { Operation } from './operation.ts'

const tag = 'Verification'

/** 100 keys or tokens of 8 KB at most, each with 20 permissions. */
const BATCH_BYTES_MAX = 1_152 * 1024

export const verificationOperations = {
  verifyApiKey: {
    method: 'POST',
    path: '/verify',
    tag,
    summary: 'Verify a key',
    description:
      'Answers 200 with a verdict for any key. The checks run in this order: visible to the caller, status, expiry, ' +
      'user, company, address, permissions, limits. A key with limits is charged when all else is in order.',
    authentication: 'required',
    permission: 'keys:verify',
    body: VerifyRequest,
    success: { status: 200, schema: VerifyResult },
  },
  verifyApiKeys: {
    method: 'POST',
    path: '/verify/batch',
    tag,
    summary: 'Verify up to 100 keys',
    description:
      'Answers one verdict a key, in the order asked. Tokens of more than 2,048 characters, and uses that need more than ' +
      '20 permissions, are asked for one at a time.',
    authentication: 'required',
    permission: 'keys:verify',
    body: VerifyBatchRequest,
    bodyBytesMax: BATCH_BYTES_MAX,
    success: { status: 200, schema: VerifyBatchResult },
  },
} as const satisfies Record<string, Operation>
