import type { Outcome } from '@latchkey/core/outcome'
import { listPermissions } from '@latchkey/core/permission'
import type { VerifyResult } from '../wire.ts'

/** There was no request. */
const REQUEST_ID = 'local'

/** An outcome as POST /verify answers it. */
export function verdictOf({ code, key, secret }: Outcome): VerifyResult {
  return {
    valid: code === 'VALID',
    code,
    keyId: key?.id ?? null,
    companyId: key?.companyId ?? null,
    userId: key?.userId ?? null,
    permissions: key === undefined ? [] : listPermissions(key.authority),
    mode: key?.mode ?? null,
    expiresAt: timeText(key?.expiresAtMs ?? null),
    metadata: { ...key?.metadata },
    secret: secret === undefined ? null : secret.endsAtMs === null ? 'current' : 'previous',
    replaceBy: timeText(secret?.endsAtMs ?? null),
    limits: null,
    limitedBy: null,
    retryAfterSeconds: null,
    requestId: REQUEST_ID,
  }
}

const timeText = (atMs: number | null): string | null => (atMs === null ? null : new Date(atMs).toISOString())
