import { notOurs } from './answer.ts'
import { type Call, createCall } from './call.ts'
import type { CallOptions } from './options.ts'
import type { Transport } from './transport.ts'
import type { VerifyRequest, VerifyResult } from './wire.ts'

/** Somebody waits for the verdict. */
const TIMEOUT_MS = 2_000

/** A verdict of the service. What answers without a verdict is an error, never a yes. */
export function verifyOne(
  transport: Transport,
  attempt: VerifyRequest,
  options?: CallOptions,
): Call<VerifyResult> {
  const asked = transport('verifyApiKey', { body: attempt, timeoutMs: TIMEOUT_MS }, options)
  const whole = asked.withResponse().then((answer) => {
    const { valid, code }: Partial<VerifyResult> = answer.data
    if (typeof code === 'string' && valid === (code === 'VALID')) return answer
    throw notOurs(
      answer.response,
      'POST /verify',
      'was answered without a verdict: is url right, and is it Latchkey that answers?',
    )
  })
  return createCall(whole)
}
