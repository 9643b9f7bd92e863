import type { IncomingMessage } from 'node:http'
import type { Address } from '@latchkey/core/address'
import { networkOf } from '@latchkey/core/network'
import type { Principal } from '@latchkey/core/principal'

/** A request on its way to its answer: as it came, and what is known of it before anybody has looked at it. */
export type Incoming = {
  readonly raw: IncomingMessage
  readonly requestId: string
  readonly startedAtMs: number
  /** The client's address; undefined: it cannot be told. */
  readonly address: Address | undefined
  /** Its peer may speak for others: X-Forwarded-* counts. */
  readonly isFromTrustedProxy: boolean
  /** What the pattern of its path leaves open, by name. */
  readonly params: Readonly<Record<string, string | undefined>>
  /** As whom it acts, once that is known. */
  principal: Principal | undefined
}

/** The path and query as they were sent; Node has them for every request that a server receives. */
export const urlOf = ({ raw }: Pick<Incoming, 'raw'>): string => raw.url ?? '/'

/** In whose line its work waits for its turns: the company's as which it acts; until that is known, its network's. */
export function laneOf({ principal, address }: Pick<Incoming, 'principal' | 'address'>): string {
  return principal?.companyId ?? networkOf(address)
}
