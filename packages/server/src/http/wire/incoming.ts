import type { IncomingMessage } from 'node:http'
import type { Address } from '@latchkey/core/address'
import { networkOf } from '@latchkey/core/network'
import type { Principal } from '@latchkey/core/principal'

/** A request on its way to its answer: as it came, with what is known of it before it is authenticated. */
export type Incoming = {
  readonly raw: IncomingMessage
  readonly requestId: string
  readonly startedAtMs: number
  /** The client's address; undefined: it cannot be told. */
  readonly address: Address | undefined
  /** Its peer is a trusted proxy: X-Forwarded-* counts. */
  readonly isFromTrustedProxy: boolean
  /** The parameters of its path, by name. */
  readonly params: Readonly<Record<string, string | undefined>>
  /** As whom it acts, once that is known. */
  principal: Principal | undefined
}

/** The path and query as they were sent; Node has them for every request that a server receives. */
export const urlOf = ({ raw }: Pick<Incoming, 'raw'>): string => raw.url ?? '/'

/** The lane in which its work waits for turns: that of its company or, until that is known, of its network. */
export function laneOf({ principal, address }: Pick<Incoming, 'principal' | 'address'>): string {
  return principal?.companyId ?? networkOf(address)
}
