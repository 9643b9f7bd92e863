import type { OutcomeCode } from '@latchkey/core/outcome-code'

/** Times of uses and networks are true to the minute. */
const RESOLUTION_MS = 60_000
const NETWORKS_MAX = 20

type Span = { firstMs: number; lastMs: number }
type Happening = { readonly atMs: number; readonly code: OutcomeCode; readonly address: string | undefined }

/** What is known to have happened to one key, whatever the service says. */
export type KeyRecord = {
  /** `network`: of the address, as it is told. */
  add(happening: Happening, network: string | undefined, isPrevious?: boolean): void
  /** By date, as the API tells it. */
  days(): { date: string; counts: Record<string, number>; previousSecret: number }[]
  /** Faults of what the API tells of the key itself, in words. */
  faultsOf(shown: ShownKey): string[]
  /** The same of its rotation, while one is open. */
  rotationFaultsOf(shown: ShownRotation): string[]
  /** The same of its networks. */
  networkFaultsOf(shown: readonly ShownNetwork[], isAccepted: boolean): string[]
}

type ShownKey = {
  readonly lastUsedAt: string | null
  readonly lastAddress: string | null
  readonly lastRefusedAt: string | null
  readonly lastRefusedCode: string | null
  readonly lastRefusedAddress: string | null
}

type ShownRotation = {
  readonly newFirstUsedAt: string | null
  readonly previousLastUsedAt: string | null
  readonly previousLastAddress: string | null
}

type ShownNetwork = { readonly network: string; readonly firstAt: string; readonly lastAt: string }

export const dateOf = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10)

export function createKeyRecord(): KeyRecord {
  const days = new Map<string, { counts: Record<string, number>; previousSecret: number }>()
  const networks = { true: new Map<string, Span>(), false: new Map<string, Span>() }
  /** Those within a minute before the last. */
  let uses: Happening[] = []
  /** Those of the last moment. */
  let refusals: Happening[] = []
  let previousUses: Happening[] = []
  let newFirstMs: number | null = null

  function addNetwork(network: string, isAccepted: boolean, atMs: number): void {
    const known = networks[`${isAccepted}`]
    const span = known.get(network) ?? { firstMs: atMs, lastMs: atMs }
    span.lastMs = atMs
    known.set(network, span)
  }

  return {
    add(happening, network, isPrevious = false) {
      const { atMs, code } = happening
      const day = days.get(dateOf(atMs)) ?? { counts: {}, previousSecret: 0 }
      days.set(dateOf(atMs), day)
      day.counts[code] = (day.counts[code] ?? 0) + 1
      if (isPrevious && code === 'VALID') {
        day.previousSecret += 1
        previousUses = [...previousUses.filter((use) => use.atMs === atMs), happening]
      } else if (code === 'VALID') newFirstMs ??= atMs
      if (code === 'VALID') uses = [...uses.filter((use) => use.atMs >= atMs - RESOLUTION_MS), happening]
      else refusals = [...refusals.filter((one) => one.atMs === atMs), happening]
      if (network !== undefined && (code === 'VALID' || code === 'IP_NOT_ALLOWED')) {
        addNetwork(network, code === 'VALID', atMs)
      }
    },
    days: () =>
      [...days.entries()]
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([date, day]) => ({ date, ...day })),
    faultsOf: (shown) => [...useFaults(shown, uses), ...refusalFaults(shown, refusals)],
    rotationFaultsOf: (shown) => rotationFaults(shown, newFirstMs, previousUses),
    networkFaultsOf: (shown, isAccepted) => networkFaults(shown, networks[`${isAccepted}`]),
  }
}

const msOf = (text: string | null): number | null => (text === null ? null : Date.parse(text))

function useFaults({ lastUsedAt, lastAddress }: ShownKey, uses: readonly Happening[]): string[] {
  const atMs = msOf(lastUsedAt)
  if (uses.length === 0) return atMs === null ? [] : [`was used at ${lastUsedAt}, and never was`]
  const isTrue = uses.some((use) => use.atMs === atMs && (use.address ?? null) === lastAddress)
  return isTrue ? [] : [`no use at ${lastUsedAt} from ${lastAddress} within a minute of the last`]
}

function refusalFaults(
  { lastRefusedAt, lastRefusedCode, lastRefusedAddress }: ShownKey,
  refusals: readonly Happening[],
): string[] {
  const told = [msOf(lastRefusedAt), lastRefusedCode, lastRefusedAddress]
  const known = refusals.map(({ atMs, code, address }) => [atMs, code, address ?? null])
  if (known.length === 0) known.push([null, null, null])
  return known.some((one) => one.join() === told.join())
    ? []
    : [`last refusal ${told.join()}, not ${known.join(' or ')}`]
}

function rotationFaults(
  { newFirstUsedAt, previousLastUsedAt, previousLastAddress }: ShownRotation,
  newFirstMs: number | null,
  previousUses: readonly Happening[],
): string[] {
  const atMs = msOf(previousLastUsedAt)
  const isTrue = previousUses.some(
    (use) => use.atMs === atMs && (use.address ?? null) === previousLastAddress,
  )
  return [
    ...(isTrue ? [] : [`the secret before was not last used at ${previousLastUsedAt}`]),
    ...(msOf(newFirstUsedAt) === newFirstMs
      ? []
      : [`the new secret was not first used at ${newFirstUsedAt}`]),
  ]
}

function networkFaults(shown: readonly ShownNetwork[], known: ReadonlyMap<string, Span>): string[] {
  const last = [...known.entries()]
    .sort(([, one], [, other]) => other.lastMs - one.lastMs)
    .slice(0, NETWORKS_MAX)
  const faults: string[] = []
  for (const [network, { firstMs, lastMs }] of last) {
    const told = shown.find((one) => one.network === network)
    const [toldFirst, toldLast] = [msOf(told?.firstAt ?? null), msOf(told?.lastAt ?? null)]
    if (toldFirst === firstMs && toldLast! <= lastMs && toldLast! >= lastMs - RESOLUTION_MS) continue
    faults.push(`${network}: ${toldFirst} to ${toldLast}, not ${firstMs} to ${lastMs}`)
  }
  if (shown.length !== last.length) faults.push(`${shown.length} networks, not ${last.length}`)
  return faults
}
