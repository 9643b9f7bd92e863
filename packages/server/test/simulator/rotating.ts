import type { KeyId } from '@latchkey/core/ids'
import type { Change } from './changes.ts'
import { KEYS, secretOf } from './keys.ts'
import { ordinalOf, previousOf } from './model-secrets.ts'
import { cancellation, moveOfEnd, openEnd, rotation } from './rotations.ts'
import type { Presented, SimulatedKey, SimulatedSecret, World } from './server.ts'

/** A key is presented by one of its last: the current one, the one before, and some that are over. */
const LAST = 4

/** Gives keys new secrets, and presents each of them. */
export class Rotating {
  readonly #world: World
  /** Secrets that were made for a key, whether or not it got them. */
  readonly #made = new Map<KeyId, number>()

  constructor(world: World) {
    this.#world = world
  }

  /** What to ask of a server next. */
  draw(anyKey: () => SimulatedKey): Change {
    const { random } = this.#world
    const drawn = random.below(100)
    if (drawn < 35) return this.#rotate(anyKey(), 0)
    const open = this.#open()
    if (drawn < 65 || open.length === 0) return this.#rotate(anyKey(), random.between(100, 2_500))
    const key = random.pick(open)
    if (drawn < 85) return moveOfEnd(key, random.pick([-1_000, 0, 50, 300, 1_000, 3_000]))
    return cancellation(key)
  }

  /** One of its secrets, or a token that was made with it. */
  present(key: SimulatedKey, by: Presented['by']): Presented {
    const { random, store } = this.#world
    const made = this.#made.get(key.id) ?? 1
    const secret = secretOf(key, made - 1 - random.below(Math.min(made, LAST)))
    const stored = store.contents.keys.get(key.id)
    const ordinal = stored === undefined ? undefined : ordinalOf(stored, secret.fingerprint)
    // Nobody made a token with a secret that came to nothing.
    return ordinal === undefined ? { by: 'secret', secret, ordinal: null } : { by, secret, ordinal }
  }

  /** The secret that ends by the clock, and when. */
  ending(key: SimulatedKey): { readonly presented: Presented; readonly endsAtMs: number } | undefined {
    const stored = this.#world.store.contents.keys.get(key.id)
    const previous = stored === undefined ? undefined : previousOf(stored)
    if (previous === undefined) return undefined
    const secret = this.made(key).find(({ fingerprint }) => fingerprint === previous.tag)
    if (secret === undefined) return undefined
    const { endsAtMs, ordinal } = previous
    return { presented: { by: 'secret', secret, ordinal }, endsAtMs }
  }

  made(key: SimulatedKey): readonly SimulatedSecret[] {
    return Array.from({ length: this.#made.get(key.id) ?? 1 }, (_, index) => secretOf(key, index))
  }

  #rotate(key: SimulatedKey, overlapMs: number): Change {
    const made = this.#made.get(key.id) ?? 1
    this.#made.set(key.id, made + 1)
    return rotation(key, secretOf(key, made), overlapMs)
  }

  /** Keys with a rotation that somebody's clock may call open. */
  #open(): readonly SimulatedKey[] {
    const { keys } = this.#world.store.contents
    return KEYS.filter(({ id }) => {
      const key = keys.get(id)
      return key !== undefined && openEnd(key, 0) !== undefined
    })
  }
}
