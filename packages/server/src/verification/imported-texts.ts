import type { Fingerprint } from '@latchkey/core/fingerprint'
import { type ImportFormat, importedTags } from '@latchkey/core/imported-text'
import { type MaybePromise, whenKnown } from '@latchkey/core/maybe-promise'
import type { Secret } from '@latchkey/core/secret'
import type { KnownTags } from './known-tags.ts'
import { cannotVerify } from './load-key.ts'

/** Finds out whether a text may be a key that was imported from another system. */
export type ImportedTexts = {
  /**
   * The tags that a text may be stored under; none for almost every text that is no key. Throws AppError
   * `cannot_verify`.
   */
  tagsOf(text: string): MaybePromise<readonly Fingerprint[]>
  /** Call it when something may have been imported. */
  forget(): void
}

type Options = {
  readonly load: () => Promise<readonly ImportFormat[]>
  /** Applies what other processes changed, which may call `forget`. true: memory is up to date. */
  readonly isFresh: () => boolean
  readonly knownTags: KnownTags
  readonly fingerprint: (secret: Secret) => Fingerprint
}

const NONE: readonly Fingerprint[] = []
const TEXT_LENGTH_MIN = 8
const TEXT_LENGTH_MAX = 512
const PRINTABLE = /^[ -~]+$/

/**
 * Keeps in memory the formats that imports have declared. None is ever taken back: with an old list a text that was
 * just imported may be refused, but none is accepted wrongly. An import revokes its company, and each process that
 * hears of it loads the list again.
 */
export function createImportedTexts({ load, isFresh, knownTags, fingerprint }: Options): ImportedTexts {
  let known: readonly ImportFormat[] | undefined
  let loading: Promise<readonly ImportFormat[]> | undefined

  function formats(): MaybePromise<readonly ImportFormat[]> {
    if (known !== undefined) return known
    if (loading !== undefined) return loading
    const begun: Promise<readonly ImportFormat[]> = load().then(
      (loaded) => {
        // If it was forgotten meanwhile, what was read may be older than the change.
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
        // Asked again: loading the formats may have taken a while.
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
