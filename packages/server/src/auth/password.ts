import { argon2, createHmac, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { UserId } from '@latchkey/core/ids'
import { createHashQueue, type Turn } from './hash-queue.ts'
import { formatStored, type PasswordCost, parseStored, type Stored } from './stored-password.ts'

/** RFC 9106 Argon2id; 19 MiB, 2 passes, 1 lane: OWASP's least for servers. About 70 ms of one core. */
const PASSWORD_COST: PasswordCost = { memoryKiB: 19_456, passes: 2, parallelism: 1 }

const SALT_BYTES = 16
const TAG_BYTES = 32

/** Whose password it is, and the name it signs in with. */
type PasswordOwner = { readonly id: UserId; readonly email: string | null }

/** A password that is stored, and whose. */
type Candidate = { readonly user_id: UserId; readonly hash: string }

export type Passwords = {
  /**
   * What is stored of a password. `beside`: what is stored of others that are for the same address, so that one
   * hash of a password serves to compare with all. Throws AppError `unavailable`.
   */
  hash(password: string, owner: PasswordOwner, beside: readonly string[], turn: Turn): Promise<string>
  /**
   * Those of `candidates`, all for the one address, that the password is right for. One hash, however many there
   * are: neither whether a user exists nor in how many companies may show in the time. Throws AppError `unavailable`.
   */
  match<T extends Candidate>(
    password: string,
    email: string,
    candidates: readonly T[],
    turn: Turn,
  ): Promise<Match<T>[]>
}

/** `renewed`: what to store instead of a hash of an older form or with other parameters. */
export type Match<T> = { readonly candidate: T; readonly renewed: string | undefined }

/**
 * `pepper`: derived from the server secret. What is stored is an HMAC under it, bound to the user, of the slow hash:
 * a stolen database alone gives nothing to guess at, and a hash moved to another user is right for nobody.
 */
export function createPasswords(pepper: Uint8Array, cost: PasswordCost = PASSWORD_COST): Passwords {
  const run = createHashQueue()
  const mac = (text: string, bytes: Uint8Array = NO_BYTES): Buffer =>
    createHmac('sha256', pepper).update(text).update(bytes).digest()
  const saltFor = (name: string): Buffer => mac(`salt\0${name}`).subarray(0, SALT_BYTES)
  const tagFor = (userId: UserId, slow: Uint8Array): Buffer => mac(`tag\0${userId}\0`, slow)

  const derive = (password: string, { salt, memoryKiB, passes, parallelism }: Recipe, turn: Turn) =>
    run(turn, () =>
      promisify(argon2)('argon2id', {
        message: password.normalize('NFC'),
        nonce: salt,
        memory: memoryKiB,
        passes,
        parallelism,
        tagLength: TAG_BYTES,
      }),
    )

  function isRight({ user_id: userId, hash }: Candidate, slow: Buffer): boolean {
    const { tag, isPeppered } = parseStored(hash)
    return timingSafeEqual(tag, isPeppered ? tagFor(userId, slow) : slow)
  }

  async function store(password: string, id: UserId, recipe: Recipe, turn: Turn): Promise<string> {
    const tag = tagFor(id, await derive(password, recipe, turn))
    return formatStored({ ...recipe, tag, isPeppered: true })
  }

  return {
    hash(password, { id, email }, beside, turn) {
      const [first] = beside
      const salt = first === undefined ? saltFor(email ?? id) : parseStored(first).salt
      return store(password, id, { ...cost, salt }, turn)
    },
    async match(password, email, candidates, turn) {
      const found: Match<(typeof candidates)[number]>[] = []
      for (const [recipe, alike] of byRecipe(candidates, { ...cost, salt: saltFor(email) })) {
        const slow = await derive(password, recipe, turn)
        for (const candidate of alike.filter((each) => isRight(each, slow))) {
          const { isPeppered } = parseStored(candidate.hash)
          const isCurrent = COSTS.every((name) => recipe[name] === cost[name])
          const renewed = isCurrent
            ? isPeppered
              ? undefined
              : formatStored({ ...recipe, tag: tagFor(candidate.user_id, slow), isPeppered: true })
            : await store(password, candidate.user_id, { ...cost, salt: recipe.salt }, turn)
          found.push({ candidate, renewed })
        }
      }
      return found
    },
  }
}

/** What makes a slow hash of a password. */
type Recipe = PasswordCost & Pick<Stored, 'salt'>

const COSTS = ['memoryKiB', 'passes', 'parallelism'] as const
const NO_BYTES = new Uint8Array()

/** Candidates by what their hashes are made with: nearly always one group. Without any, the decoy costs the same. */
function byRecipe<T extends Candidate>(candidates: readonly T[], decoy: Recipe): [Recipe, T[]][] {
  const groups = new Map<string, [Recipe, T[]]>()
  for (const candidate of candidates) {
    const { salt, memoryKiB, passes, parallelism } = parseStored(candidate.hash)
    const name = [salt.toString('base64'), memoryKiB, passes, parallelism].join()
    const [, alike] = groups.get(name) ?? [undefined, []]
    groups.set(name, [{ salt, memoryKiB, passes, parallelism }, [...alike, candidate]])
  }
  return groups.size === 0 ? [[decoy, []]] : [...groups.values()]
}
