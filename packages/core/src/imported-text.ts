import { type DigestExtras, digestOf } from './digest.ts'
import { type DigestFormat, digestFormatName } from './digest-format.ts'
import type { Fingerprint } from './fingerprint.ts'
import { Secret } from './secret.ts'

/** What every imported text has at least: only a text of this form is looked for. */
export type ImportShape = {
  readonly prefix: string
  readonly lengthMin: number
  readonly lengthMax: number
  readonly alphabet: Alphabet
}

/** What the imports of a deployment have declared: how a digest is made, and of which texts. */
export type ImportFormat = {
  readonly format: DigestFormat
  readonly extras: DigestExtras
  readonly shapes: readonly ImportShape[]
}

type Alphabet = keyof typeof ALPHABETS

/** Each holds the ones before it. */
const ALPHABETS = { word: /^[A-Za-z0-9_-]*$/, printable: /^[ -~]*$/ } as const

/** Shapes of one format. When there are more, they become a single one. */
const SHAPES_MAX = 16

const ANY = { lengthMin: 8, lengthMax: 512, alphabet: 'printable' } as const

/**
 * The tags under which a text that was imported would be stored, one for each declared format whose texts look like it.
 * Most texts that are no keys have none, and cost no hash.
 */
export function importedTags(
  text: string,
  formats: readonly ImportFormat[],
  fingerprint: (secret: Secret) => Fingerprint,
): Fingerprint[] {
  const tags: Fingerprint[] = []
  for (const { format, extras, shapes } of formats) {
    if (!shapes.some((shape) => fits(text, shape))) continue
    const digest = digestOf(text, format, extras)
    if (digest !== undefined) tags.push(importedTag(digest, format, fingerprint))
  }
  return tags
}

/** The tag under which a digest of another system is stored: it tells nothing to whoever does not have our key. */
export function importedTag(
  digest: Uint8Array,
  format: DigestFormat,
  fingerprint: (secret: Secret) => Fingerprint,
): Fingerprint {
  // No key of ours holds a NUL: what is made of one can never be taken for the other.
  const text = `imp\0${digestFormatName(format)}\0${Buffer.from(digest).toString('latin1')}`
  return fingerprint(new Secret(text, 'live'))
}

function fits(text: string, { prefix, lengthMin, lengthMax, alphabet }: ImportShape): boolean {
  const { length } = text
  return (
    length >= lengthMin && length <= lengthMax && text.startsWith(prefix) && ALPHABETS[alphabet].test(text)
  )
}

/** Of a text that is known: its length, and what stands before its first `_`, which many systems put there. */
export function shapeOfText(text: string): ImportShape {
  const [prefix = ''] = /^[A-Za-z0-9]{1,16}_/.exec(text) ?? []
  const alphabet = ALPHABETS.word.test(text) ? 'word' : 'printable'
  return { prefix, lengthMin: text.length, lengthMax: text.length, alphabet }
}

/** Of a text of which no more is known than how it begins. */
export const shapeOfPrefix = (prefix: string): ImportShape => ({ ...ANY, prefix })

/** The shapes, widened so that `shape` fits too. The same array: it fitted already. */
export function withShape(shapes: readonly ImportShape[], shape: ImportShape): readonly ImportShape[] {
  if (shapes.some((known) => holds(known, shape))) return shapes
  const same = shapes.findIndex(({ prefix }) => prefix === shape.prefix)
  if (same >= 0) return shapes.with(same, join(shapes[same]!, shape))
  const all = [...shapes.filter((known) => !holds(shape, known)), shape]
  return all.length <= SHAPES_MAX ? all : [all.reduce(join)]
}

const holds = (outer: ImportShape, inner: ImportShape): boolean =>
  inner.prefix.startsWith(outer.prefix) &&
  outer.lengthMin <= inner.lengthMin &&
  outer.lengthMax >= inner.lengthMax &&
  (outer.alphabet === 'printable' || inner.alphabet === 'word')

function join(one: ImportShape, other: ImportShape): ImportShape {
  let shared = 0
  while (shared < one.prefix.length && one.prefix[shared] === other.prefix[shared]) shared += 1
  return {
    prefix: one.prefix.slice(0, shared),
    lengthMin: Math.min(one.lengthMin, other.lengthMin),
    lengthMax: Math.max(one.lengthMax, other.lengthMax),
    alphabet: one.alphabet === 'word' ? other.alphabet : one.alphabet,
  }
}
