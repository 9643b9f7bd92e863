import { createServer } from 'node:net'
import { formatAddress, parseAddress } from '@latchkey/core/address'
import { type Allowlist, contains } from '@latchkey/core/allowlist'
import { isRepeatable } from '@latchkey/core/repeatable'
import type { Config } from '../config.ts'
import { type Finding, fine, problem, reasonOf, warning } from './finding.ts'
import type { ProbeAnswer } from './probe.ts'

type Proxied = Pick<Config, 'trustedProxies' | 'publicUrl'>

/** Whose X-Forwarded-For is believed, and what that makes of a request from this machine. */
export function diagnoseProxies({ trustedProxies, publicUrl }: Proxied, answer: ProbeAnswer): Finding {
  const check = 'proxies'
  if (trustedProxies === null) {
    const detail = `LATCHKEY_TRUSTED_PROXIES is empty: the client is whoever connects${seenFrom(answer, null)}`
    if (publicUrl?.startsWith('https:') !== true) return fine(check, detail)
    const remedy =
      'LATCHKEY_PUBLIC_URL says https, so a proxy is in front: name its address in LATCHKEY_TRUSTED_PROXIES, or ' +
      'every client has the address of the proxy.'
    return warning(check, `${detail}.`, remedy)
  }
  const ranges = rangesOf(trustedProxies)
  const detail = `X-Forwarded-For is believed from ${ranges.join(', ')}${seenFrom(answer, trustedProxies)}`
  if (!isOthersToo(trustedProxies)) return fine(check, detail)
  const remedy = 'Name only your own proxies: as it is, any client there can claim any address.'
  return problem(check, `${detail}.`, remedy)
}

/** Addresses of IPv4: a /8. */
const OWNED_V4_MAX = 2 ** 24
/** Blocks /32 of IPv6: a /16. */
const OWNED_V6_MAX = 2 ** 16
/** By their first 32 bits: fc00::/7 and fe80::/10, which are everybody's own. */
const PRIVATE_V6 = [
  [0xfc00_0000, 0xfdff_ffff],
  [0xfe80_0000, 0xfebf_ffff],
] as const

/** Whether one of the ranges has more addresses than anybody: then there are others' among them. */
function isOthersToo({ v4, v6 }: Allowlist): boolean {
  for (let index = 0; index < v4.length; index += 2) {
    if (v4[index + 1]! - v4[index]! >= OWNED_V4_MAX) return true
  }
  for (let index = 0; index < v6.length; index += 8) {
    const [low, high] = [v6[index]!, v6[index + 4]!]
    const isPrivate = PRIVATE_V6.some(([first, last]) => first <= low && high <= last)
    if (high - low >= OWNED_V6_MAX && !isPrivate) return true
    if (holdsOthersV4(numberOf(v6, index), numberOf(v6, index + 4))) return true
  }
  return false
}

/** Blocks of IPv6 in which every IPv4 address has one or more of its own: NAT64, Teredo, 6to4. `bits`: behind those of IPv4. */
const WITH_V4 = [
  { first: 0x64_ff9bn << 96n, bits: 0n },
  { first: 0x2001_0000n << 96n, bits: 64n },
  { first: 0x2002n << 112n, bits: 80n },
] as const

/** Whether a range has more addresses that stand for IPv4 than anybody has of that. */
function holdsOthersV4(low: bigint, high: bigint): boolean {
  return WITH_V4.some(({ first, bits }) => {
    const last = first + (1n << (32n + bits)) - 1n
    const [from, to] = [low > first ? low : first, high < last ? high : last]
    return (to - from) >> bits >= OWNED_V4_MAX
  })
}

const numberOf = (words: readonly number[], index: number): bigint =>
  words.slice(index, index + 4).reduce((sum, word) => (sum << 32n) | BigInt(word), 0n)

/** Who may read the figures of the service without a credential. */
export function diagnoseMetrics({ metricsFrom }: Pick<Config, 'metricsFrom'>): Finding {
  const check = 'metrics'
  const ranges = metricsFrom === null ? [] : rangesOf(metricsFrom)
  const detail = `/metrics may be read without a credential from ${ranges.join(', ')}`
  if (metricsFrom === null || !isOthersToo(metricsFrom)) return fine(check, detail)
  return warning(
    check,
    `${detail}: everybody there who reaches the service.`,
    'Name only the addresses of what scrapes it in LATCHKEY_METRICS_FROM.',
  )
}

function seenFrom(answer: ProbeAnswer, trustedProxies: Allowlist | null): string {
  const address =
    answer.kind === 'ours' && answer.seenAddress !== undefined ? parseAddress(answer.seenAddress) : undefined
  if (address === undefined) return ''
  const isTrusted = trustedProxies !== null && contains(trustedProxies, address)
  const what = isTrusted
    ? 'trusted with these settings, so the client is whom its X-Forwarded-For names'
    : 'seen as that, whatever X-Forwarded-For says'
  return `; a request from this machine arrives from ${formatAddress(address)}: ${what}`
}

function rangesOf({ v4, v6 }: Allowlist): string[] {
  const ranges: string[] = []
  for (let index = 0; index < v4.length; index += 2) {
    const at = (place: number) => formatAddress({ family: 4, value: v4[index + place]! })
    ranges.push(rangeText(at(0), at(1)))
  }
  for (let index = 0; index < v6.length; index += 8) {
    const at = (place: number) => {
      const [a, b, c, d] = v6.slice(index + place, index + place + 4)
      return formatAddress({ family: 6, words: [a!, b!, c!, d!] })
    }
    ranges.push(rangeText(at(0), at(4)))
  }
  return ranges
}

const rangeText = (low: string, high: string): string => (low === high ? low : `${low} to ${high}`)

/** Whether the service runs, or could. */
export async function diagnosePort(
  { host, port }: Pick<Config, 'host' | 'port'>,
  answer: ProbeAnswer,
): Promise<Finding> {
  // Another text may be a secret that was pasted there.
  const place = `${isRepeatable(host) ? host : 'HOST'}:${port}`
  // Another machine may answer under its own address, or nobody, and neither says anything of this one.
  if ((await tryListening(host, 0)) !== undefined) {
    const named = isRepeatable(host) ? `HOST ${host}` : 'HOST'
    const remedy = 'Use 127.0.0.1, or 0.0.0.0 for every interface.'
    return problem('port', `${named} is not an address of this machine.`, remedy)
  }
  if (answer.kind === 'ours') return fine('port', `Latchkey answers on ${place}`)
  if (answer.kind === 'other') {
    const remedy = 'Stop the other process, or set PORT to a free one.'
    return problem('port', `Something else answers on ${place}, or holds it without answering.`, remedy)
  }
  const error = await tryListening(host, port)
  if (error === undefined && port === 0) return fine('port', 'PORT is 0: any free one is taken')
  if (error === undefined) return fine('port', `${place} is free; no service is running there`)
  const why = isRepeatable(host) ? ` (${reasonOf(error)})` : ''
  return problem('port', `${place} cannot be used${why}.`, 'Set HOST and PORT to others.')
}

function tryListening(host: string, port: number): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', resolve)
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)))
  })
}
