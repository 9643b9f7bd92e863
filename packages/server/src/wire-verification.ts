import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Fingerprint } from '@latchkey/core/fingerprint'
import type { Secret } from '@latchkey/core/secret'
import { createVerifier, type Verifier } from '@latchkey/core/verifier'
import type { DerivedKeys } from './server-secret.ts'
import type { Engine } from './storage/engine.ts'
import { findCompany } from './storage/tables/companies.ts'
import { findImportFormats } from './storage/tables/import-formats.ts'
import { listImportedTags } from './storage/tables/imported-tags.ts'
import { findTakenTags } from './storage/tables/taken-tags.ts'
import type { Events } from './telemetry/events.ts'
import type { Refused } from './verification/freshness/lease.ts'
import { createRevocations, type Revocations } from './verification/freshness/revocations.ts'
import { createImportedTexts, type ImportedTexts } from './verification/imported-texts.ts'
import { createKnownCompanies, type KnownCompanies } from './verification/known-companies.ts'
import { createKnownTags } from './verification/known-tags.ts'
import { cannotVerify, loadKey } from './verification/load-key.ts'

const monotonicMs = () => performance.now()

/** Keys that are read at once, on the way through all keys: less than a millisecond. */
const PIECE_KEYS = 500

/** What judges from memory, and what keeps it true. */
export type Judging = {
  readonly verifier: Verifier
  readonly revocations: Revocations
  readonly importedTexts: ImportedTexts
  readonly knownCompanies: KnownCompanies
}

/** Makes the verifier, and what follows the store for it, so that a revocation drops what it names from memory. */
export function wireVerification(
  engine: Engine,
  fingerprint: (secret: Secret) => Fingerprint,
  { imports: importsKey }: Pick<DerivedKeys, 'imports'>,
  events: Events,
  newId: () => string,
): Judging {
  const isFresh = () => revocations.isFresh()
  const verifier: Verifier = createVerifier({
    fingerprint,
    load: ({ handle }) => loadKey(engine.verification, handle),
    pick: (tags) => pickTag(engine, tags),
    isFresh,
    monotonicMs,
  })
  const importedTexts = createImportedTexts({
    load: () => engine.read((db) => findImportFormats(db, importsKey)),
    isFresh,
    knownTags: createKnownTags({
      list: (after) => engine.read((db) => listImportedTags(db, after, PIECE_KEYS)),
      monotonicMs,
      nextTurn,
    }),
    fingerprint,
  })
  const knownCompanies = createKnownCompanies({
    isThere: async (id) => (await engine.read((db) => findCompany(db, id), { party: id })) !== undefined,
    isFresh,
  })
  const revocations: Revocations = createRevocations(engine, {
    memory: {
      drop(...revoked) {
        verifier.drop(...revoked)
        if (revoked.some(({ scope }) => scope === 'company')) importedTexts.forget()
      },
      clear() {
        verifier.clear()
        importedTexts.forget()
        knownCompanies.forget()
      },
    },
    newId,
    onPoll: createPollReport(events, () => revocations.refused),
    onRowKept: events.rowKept,
  })
  return { verifier, revocations, importedTexts, knownCompanies }
}

/** The tag that belongs to a key, if any. The key is then loaded by that tag, as any other. */
async function pickTag(engine: Engine, tags: readonly Fingerprint[]): Promise<Fingerprint | undefined> {
  try {
    const taken = await engine.read((db) => findTakenTags(db, tags))
    return tags.find((tag) => taken.has(tag))
  } catch (error) {
    throw cannotVerify(error)
  }
}

/** Logs once when following the store begins to fail, once when it works again, and once when the store is refused. */
function createPollReport(events: Events, refused: () => Refused | undefined) {
  let isFailing = false
  let wasRefused = false
  return (error: unknown | undefined) => {
    if (error !== undefined && !isFailing) events.followingFailed(error)
    if (error === undefined && isFailing) events.followingAgain()
    isFailing = error !== undefined
    const now = refused()
    if (now !== undefined && !wasRefused) events.storeRefused(now)
    wasRefused = now !== undefined
  }
}
