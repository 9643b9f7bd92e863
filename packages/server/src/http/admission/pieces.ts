import { AppError } from '@latchkey/core/error'
import type { MaybePromise } from '@latchkey/core/maybe-promise'
import type { Holdings } from './holdings.ts'
import type { Turns } from './turns.ts'

/** Bytes that are made in one turn of the event loop. */
const PIECE_BYTES = 32 * 1024

/** The elements of a long answer, in text, and as whose they are held until they are taken. */
export type Elements = { readonly pieces: readonly Buffer[]; release(): void }

/** Makes the elements of an answer, some at a time. */
export type PieceMaker = {
  /** Adds the text of an element. Throws AppError `unavailable` when too many answers of the owner are not taken yet. */
  add(text: string): Promise<void>
  /** Of what was added. */
  readonly bytes: number
  finish(): Elements
  /** The answer is not wanted any more. */
  drop(): void
}

type Deps = { readonly turns: Pick<Turns, 'take'>; readonly holdings: Holdings }

/** `owner`: the company whose answer it is. */
export function createPieceMaker({ turns, holdings }: Deps, owner: string): PieceMaker {
  const pieces: Buffer[] = []
  let texts: string[] = []
  let length = 0
  let bytes = 0

  function cut(): void {
    if (texts.length === 0) return
    const piece = Buffer.from(`${pieces.length === 0 ? '' : ','}${texts.join()}`)
    texts = []
    length = 0
    if (!holdings.hold(owner, piece.length)) throw tooMuch()
    pieces.push(piece)
    bytes += piece.length
  }

  function drop(): void {
    holdings.release(owner, bytes)
    pieces.length = 0
    bytes = 0
  }

  return {
    async add(text) {
      texts.push(text)
      length += text.length
      if (length < PIECE_BYTES) return
      cut()
      await turns.take(owner)
    },
    get bytes() {
      return bytes + length
    },
    finish() {
      cut()
      return { pieces, release: drop }
    },
    drop,
  }
}

/** The check that stands before an answer is given out. */
export async function orDrop(elements: Elements, check: () => MaybePromise<void>): Promise<void> {
  try {
    await check()
  } catch (error) {
    elements.release()
    throw error
  }
}

function tooMuch(): AppError {
  return new AppError(
    'unavailable',
    'Answers of your company are being read too slowly to make more of them: read them first, or ask for less at once.',
    { retryAfterSeconds: 5 },
  )
}
