import type { VerdictHeaders } from '@latchkey/contract/gateway-headers'
import { AppError } from '@latchkey/core/error'
import type { Charged } from '@latchkey/core/limited-key'
import { type CompiledAuthority, listPermissions } from '@latchkey/core/permission'
import type { Principal } from '@latchkey/core/principal'
import { presentTimeOrNull } from '../present/present-time.ts'
import { problemAnswer, statusOf } from '../present/problem.ts'
import type { Answer, AnswerHeaders, TextAnswer } from '../wire/answer.ts'
import { limitHeaders } from '../wire/limit-headers.ts'

/** nginx turns every status but 401 and 403 of its subrequest into a 500: 429 goes as 403, with X-Auth-Status. */
export type Flavour = 'plain' | 'nginx'

/** The request may pass, and this is who sent it. */
export const gatewayAllowance = (principal: Principal, charged: Charged | undefined): Answer => ({
  status: 200,
  headers:
    charged === undefined
      ? verdictHeaders(200, NONE, principal)
      : { ...verdictHeaders(200, NONE, principal), ...limitHeaders(charged.states) },
  body: '',
})

/** The answer to whatever was thrown, even before the endpoint was reached: a gateway must understand every answer. */
export function gatewayRefusal(flavour: Flavour, error: AppError, requestId: string): TextAnswer {
  const shown = denial(error)
  const status = statusOf(shown)
  const headers = {
    ...verdictHeaders(status, shown.code, undefined),
    ...(shown.retryAfterSeconds === undefined ? {} : { 'x-auth-retry-after': shown.retryAfterSeconds }),
  }
  return problemAnswer(shown, requestId, {
    status: flavour === 'nginx' && status === 429 ? 403 : status,
    headers,
  })
}

/** Only 401, 403 and 429 are understood as a refusal by every gateway. */
function denial(error: AppError): AppError {
  const status = statusOf(error)
  if (status >= 500 || [401, 403, 429].includes(status)) return error
  return new AppError('invalid_credentials', error.detail)
}

const NONE = '-'

const texts = new WeakMap<CompiledAuthority, string>()

/** Keys with the same permissions share one authority, which never changes. */
function permissionsText(authority: CompiledAuthority): string {
  const known = texts.get(authority)
  if (known !== undefined) return known
  const text = listPermissions(authority).join(' ') || NONE
  texts.set(authority, text)
  return text
}

function verdictHeaders(
  status: number,
  error: string,
  principal: Principal | undefined,
): VerdictHeaders & AnswerHeaders {
  return {
    'x-auth-status': String(status),
    'x-auth-error': error,
    'x-auth-key-id': principal?.id ?? NONE,
    'x-auth-user-id': principal?.userId ?? NONE,
    'x-auth-company-id': principal?.homeCompanyId ?? NONE,
    'x-auth-permissions': principal === undefined ? NONE : permissionsText(principal.authority),
    'x-auth-mode': principal?.mode ?? NONE,
    // By when the secret that was used has to be replaced: its key has a new one.
    'x-auth-replace-by': presentTimeOrNull(principal?.replaceByMs ?? null) ?? NONE,
    // Envoy's own way to keep the secret from the application behind it.
    'x-envoy-auth-headers-to-remove': 'x-api-key',
  }
}
