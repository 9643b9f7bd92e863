import { looksLikeDigest } from '@latchkey/core/digest-text'
import { RowRefusal } from './source-error.ts'
import { estimatedBits } from './text-strength.ts'

export type TextRules = {
  /** `lk`, or as the deployment has it: such texts are looked for among its own keys only. */
  readonly keyPrefix: string
  /** Somebody has said that texts which look like digests are what clients present. */
  readonly rawDigestsAreKeys: boolean
  /** The system keeps nothing but texts, of 32 and 40 hexadecimal digits too. */
  readonly isTextSource: boolean
}

/** What one must know of a text that is taken; throws RowRefusal for one that cannot be a key here. */
export function judgeText(text: string, { keyPrefix, rawDigestsAreKeys, isTextSource }: TextRules): string[] {
  if (!/^[ -~]+$/.test(text))
    throw refusal('holds a character that is not printable ASCII, and cannot come in a header')
  if (text.trim() !== text) throw refusal('begins or ends with a space, which is lost on the way')
  if (text.startsWith(`${keyPrefix}_live_`) || text.startsWith(`${keyPrefix}_test_`)) {
    throw refusal(`begins with ${keyPrefix}_live_ or ${keyPrefix}_test_, as this deployment's own keys do`)
  }
  if (text.length > TEXT_LENGTH_MAX)
    throw refusal(`has ${text.length} characters, and a key at most ${TEXT_LENGTH_MAX}`)
  if (!rawDigestsAreKeys && looksLikeDigest(text, isTextSource)) {
    throw new RowRefusal(
      'the key looks like a digest, and whoever has read the old database could then present it: give it as a hash with ' +
        'its format, or, if clients do present such texts, say --raw-digests-are-keys.',
    )
  }
  if (text.length < TEXT_LENGTH_MIN) {
    throw refusal(`has ${text.length} characters, and fewer than ${TEXT_LENGTH_MIN} can be guessed`)
  }
  const bits = estimatedBits(text)
  if (bits < TEXT_BITS_MIN)
    throw refusal(`has some ${bits} bits of chance, and fewer than ${TEXT_BITS_MIN} can be guessed`)
  return /[ ,]/.test(text)
    ? ['A text with a space or a comma is verified by POST /verify only, and not in a header.']
    : []
}

const TEXT_LENGTH_MIN = 20
const TEXT_LENGTH_MAX = 512
/** At a thousand guesses a second, 10^18 of them are thirty million years. */
const TEXT_BITS_MIN = 60

const refusal = (reason: string): RowRefusal =>
  new RowRefusal(`the key ${reason}: make a new one for this client, by POST /keys.`)
