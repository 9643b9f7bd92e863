import {
  VerifyBatchRequest,
  VerifyBatchResult,
  VerifyRequest,
  VerifyResult,
} from '../schemas/verification.ts'
import type { Operation } from './operation.ts'

const tag = 'Verification'

export const verificationOperations = {
  verifyApiKey: {
    method: 'POST',
    path: '/verify',
    tag,
    summary: 'Verify a key',
    description:
      'Answers 200 with a verdict for any key. The checks run in this order: visible to the caller, status, expiry, ' +
      'user, company, address, permissions.',
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
    description: 'Answers one verdict a key, in the order asked.',
    authentication: 'required',
    permission: 'keys:verify',
    body: VerifyBatchRequest,
    success: { status: 200, schema: VerifyBatchResult },
  },
} as const satisfies Record<string, Operation>
