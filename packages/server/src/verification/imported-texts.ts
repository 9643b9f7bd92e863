import type { Fingerprint } from '@latchkey/core/fingerprint'
import { type ImportFormat, importedTags } from '@latchkey/core/imported-text'
import { type MaybePromise, whenKnown } from '@latchkey/core/maybe-promise'
import type { Secret } from '@latchkey/core/secret'
import type { KnownTags } from './known-tags.ts'
import { cannotVerify } from './load-key.ts'

/** What the texts of other systems are looked for by. */
export type ImportedTexts = {
  /** The tags a text may be stored under; none for almost all that is no key. Throws AppError `cannot_verify`. */
  tagsOf(text: string): MaybePromise<readonly Fingerprint[]>
  /** What is declared, and what is imported, may have changed. */
  forget(): void
}

type Options = {
  readonly load: () => Promise<readonly ImportFormat[]>
  /** Takes in what other processes have changed, and may call `forget`. true: all of it, up to now. */
  readonly isFresh: () => boolean
  readonly knownTags: KnownTags
  readonly fingerprint: (secret: Secret) => Fingerprint
}

const NONE: readonly Fingerprint[] = []
const TEXT_LENGTH_MIN = 8
const TEXT_LENGTH_MAX = 512
const PRINTABLE = /^[ -~]+$/

/**
 * Keeps in memory what the imports have declared: nothing is ever taken back, so that old knowledge can refuse a text
 * that was just imported, and accept none. An import revokes its company, and whoever is told of that asks again.
 */
export function createImportedTexts({ load, isFresh, knownTags, fingerprint }: Options): ImportedTexts {
  let known: readonly ImportFormat[] | undefined
  let loading: Promise<readonly ImportFormat[]> | undefined

  function formats(): MaybePromise<readonly ImportFormat[]> {
    if (known !== undefined) return known
    if (loading !== undefined) return loading
    const begun: Promise<readonly ImportFormat[]> = load().then(
      (loaded) => {
        // Forgotten meanwhile: what was read may be from before the change.
        if (loading === begun) [known, loading] = [loaded, undefined]
        return loaded
      },
      (error: unknown) => {
        if (loading === begun) loading = undefined
        throw cannotVerify(error)
      },
    )
    loading = begun
    return begun
  }

  return {
    tagsOf(text) {
      if (text.length < TEXT_LENGTH_MIN || text.length > TEXT_LENGTH_MAX || !PRINTABLE.test(text)) return NONE
      isFresh()
      return whenKnown(formats(), (declared) => {
        if (declared.length === 0) return NONE
        const tags = importedTags(text, declared, fingerprint)
        // Asked again: the formats may have taken their time.
        return tags.length === 0 || !isFresh() ? tags : knownTags.among(tags)
      })
    },
    forget: () => {
      known = undefined
      loading = undefined
      knownTags.forget()
    },
  }
}
