import type { Fingerprint } from '@latchkey/core/fingerprint'
import { compileKey } from '@latchkey/core/key-record'
import type { KeySecret, LoadedKey, LoadRequest } from '@latchkey/core/loaded-key'
import { momentOf, type Timing } from '@latchkey/core/timing'
import type { KeyRecordResult } from '../wire.ts'
import type { Applied, Source } from './applied.ts'
import { JUDGED_ELSEWHERE } from './judged-elsewhere.ts'
import type { ServerClock } from './server-clock.ts'

/** Keys that are in a rotation, and keys that the service judges itself: beyond, they are asked about again. */
const NOTED_MAX = 10_000

type RecordsOptions = {
  readonly ask: (key: string) => Promise<KeyRecordResult>
  readonly expect: Applied['expect']
  readonly clock: Pick<ServerClock, 'note'>
  readonly timing: Timing
}

/** Keys as the service knows them, for the engine. */
export type Records = {
  /** Throws JUDGED_ELSEWHERE for a key that only the service can judge. */
  load(request: LoadRequest): Promise<LoadedKey | null>
  /** Of the engine: what may be kept, and taken by whoever joined. */
  expect(): (loaded: LoadedKey | null) => boolean
  /** Something has changed. */
  forget(): void
}

export function createRecords({ ask, expect, clock, timing }: RecordsOptions): Records {
  const sources = new WeakMap<LoadedKey, Source>()
  const askedOf = new Set<Fingerprint>()
  /** By key: of one with two secrets memory would otherwise hold the one that was used last. */
  const rotated = new Map<string, readonly KeySecret[]>()

  async function loadAnew(tag: Fingerprint, key: string): Promise<LoadedKey | null> {
    const sent = momentOf(timing)
    const { record, askServer, epoch, revision, now } = await ask(key)
    clock.note(now, sent)
    if (askServer || record?.isLimited) {
      if (askedOf.size >= NOTED_MAX) askedOf.clear()
      askedOf.add(tag)
      throw JUDGED_ELSEWHERE
    }
    if (record === null) return null
    const source = { epoch, revision }
    const secret = secretOf(record.secret, tag)
    const others = expect()(source) ? withOther(record.keyId, secret) : []
    const loaded = compile(record, [secret, ...others])
    sources.set(loaded, source)
    return loaded
  }

  /** The other secret of a key, if it is in memory. */
  function withOther(keyId: string, secret: KeySecret): readonly KeySecret[] {
    const isRotated = secret.ordinal > 1 || secret.endsAtMs !== null
    if (!isRotated) return []
    const others = (rotated.get(keyId) ?? []).filter(({ ordinal }) => ordinal !== secret.ordinal).slice(0, 1)
    if (rotated.size >= NOTED_MAX) rotated.clear()
    rotated.set(keyId, [secret, ...others])
    return others
  }

  return {
    load({ handle, secret }) {
      if (secret === undefined || askedOf.has(handle as Fingerprint)) throw JUDGED_ELSEWHERE
      return loadAnew(handle as Fingerprint, secret.reveal())
    },
    expect() {
      const isCurrent = expect()
      return (loaded) => {
        // What is not there can be accepted by nobody.
        if (loaded === null) return true
        const source = sources.get(loaded)
        return source !== undefined && isCurrent(source)
      }
    },
    forget() {
      askedOf.clear()
      rotated.clear()
    },
  }
}

type Record = NonNullable<KeyRecordResult['record']>

/** What is no time is over: a key must not live for ever by it. */
const timeOf = (text: string | null): number | null => (text === null ? null : Date.parse(text) || 0)

const secretOf = ({ ordinal, endsAt, isOver }: Record['secret'], tag: Fingerprint): KeySecret => ({
  tag,
  ordinal,
  endsAtMs: timeOf(endsAt),
  ...(isOver ? { isOver } : {}),
  replaces: null,
})

/** Its permissions are what is left of all there are: that the list names them is all that judging asks. */
function compile(record: Record, secrets: readonly KeySecret[]): LoadedKey {
  const { keyId, companyId, userId, mode, isActive, isUserActive, isCompanyActive } = record
  return compileKey({
    id: keyId,
    companyId,
    userId,
    secrets,
    mode,
    isActive,
    isUserActive,
    isCompanyActive,
    expiresAtMs: timeOf(record.expiresAt),
    whitelistedIPs: record.whitelistedIPs === null ? null : JSON.stringify(record.whitelistedIPs),
    role: 'owner',
    isOperator: true,
    userPermissions: null,
    permissions: JSON.stringify(record.permissions),
    ceiling: null,
    metadata: JSON.stringify(record.metadata),
    rateLimits: null,
    quota: null,
  })
}
