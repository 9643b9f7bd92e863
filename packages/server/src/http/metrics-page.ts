import { formatAddress } from '@latchkey/core/address'
import { contains } from '@latchkey/core/allowlist'
import { AppError } from '@latchkey/core/error'
import type { Services } from '../services.ts'
import { type AuthenticateDeps, authenticate } from './admission/authenticate.ts'
import { readCredential } from './admission/credential.ts'
import type { Router } from './router.ts'
import { isAddressForwarded } from './wire/client-address.ts'
import type { Incoming } from './wire/incoming.ts'
import { headerValues } from './wire/raw-headers.ts'

/** Only the operator's company has it: the figures are those of the whole deployment. */
const PERMISSION = 'companies:read'

/** The figures of the service, for whoever asks from where they may be read, and for the operator from anywhere. */
export function registerMetrics(router: Router, deps: AuthenticateDeps & Pick<Services, 'metrics'>): void {
  const { metrics, config } = deps
  router.add(['GET'], '/metrics', {
    name: '/metrics',
    async answer(request) {
      if (!isFromThere(config, request)) await assertOperator(deps, request)
      return { status: 200, headers: { 'content-type': metrics.contentType }, body: await metrics.text() }
    },
  })
}

/** Written by proxies, and read by nobody here: without X-Forwarded-For beside them the client is unknown. */
const PROXY_HEADERS = ['forwarded', 'x-real-ip', 'via']

function isFromThere({ metricsFrom }: Services['config'], request: Incoming): boolean {
  const { address, isFromTrustedProxy, raw } = request
  if (metricsFrom === null || address === undefined || !contains(metricsFrom, address)) return false
  if (isAddressForwarded(raw)) return isFromTrustedProxy
  return !PROXY_HEADERS.some((name) => headerValues(raw, name).length > 0)
}

async function assertOperator(deps: AuthenticateDeps, { raw, address }: Incoming): Promise<void> {
  if (readCredential(raw) === undefined) {
    throw new AppError(
      address === undefined ? 'client_ip_unknown' : 'ip_not_allowed',
      `/metrics may not be read from ${address === undefined ? 'an address that cannot be told' : formatAddress(address)}, ` +
        'nor through a proxy that LATCHKEY_TRUSTED_PROXIES does not name or that sends no X-Forwarded-For: ' +
        `add the address to LATCHKEY_METRICS_FROM, or send a key of the operator with ${PERMISSION}.`,
    )
  }
  await authenticate(deps, raw, address, {
    visibleTo: null,
    permissions: [PERMISSION],
    exempt: null,
    asker: null,
  })
}
