import type { AnswerOf, BodyOf, OperationId } from '../../operations.ts'

type Named<Value> = Readonly<Record<string, { readonly summary: string; readonly value: Value }>>

/** Examples of one operation: what is sent, what is answered. A wrong field does not compile. */
export type ExamplesOf<Id extends OperationId> = (BodyOf<Id> extends undefined
  ? { readonly request?: never }
  : { readonly request: Named<BodyOf<Id>> }) &
  (AnswerOf<Id> extends undefined ? { readonly answer?: never } : { readonly answer: Named<AnswerOf<Id>> })

/** Ids of the same few things in all examples, so that a reader recognizes them. */
export const EXAMPLE_IDS = {
  company: 'cmp_01jcz0a1b2c3d4e5f6g7h8j9km',
  user: 'usr_01jcz0p9q8r7s6t5v4w3x2y1z0',
  key: 'key_01jd7m8k2xe3vt9q4w5y6z7a8b',
  olderKey: 'key_01jd5n1c4rf8ha2s3d4g5h6j7k',
  adminKey: 'key_01jcz0b7c6d5e4f3g2h1j0k9mn',
  request: 'req_01jd7m8jzq4n6p8r0s2t4v6w8x',
} as const

/** Has the form of a secret, but not its checksum: it is refused before anything is looked up. */
export const EXAMPLE_SECRET = 'lk_live_2Zc9ThisIsAnExampleWhichOpensNoDoorAnywhere00WtJx'
export const EXAMPLE_MASKED = 'lk_live_2Zc9...WtJx'

/** Stands for a JWT, and is none. */
export const EXAMPLE_TOKEN = 'eyJ...header.eyJ...claims.signature'
