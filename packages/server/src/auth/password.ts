import { argon2, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { AppError } from '@latchkey/core/error'
import type { RandomBytes } from '@latchkey/core/random'

/** RFC 9106 Argon2id; 19 MiB, 2 passes, 1 lane: OWASP's least for servers. About 70 ms of one core. */
export type PasswordCost = {
  readonly memoryKiB: number
  readonly passes: number
  readonly parallelism: number
}
const PASSWORD_COST: PasswordCost = { memoryKiB: 19_456, passes: 2, parallelism: 1 }

const SALT_BYTES = 16
const TAG_BYTES = 32
/** Hashes at once, 19 MiB each; who waits beyond the second number is refused. */
const RUNNING_MAX = 2
const WAITING_MAX = 50

type Parsed = PasswordCost & { readonly salt: Buffer; readonly tag: Buffer }

export type Passwords = {
  /** PHC string: `$argon2id$v=19$m=…,t=…,p=…$salt$tag`. */
  hash(password: string): Promise<string>
  /** undefined for `stored` costs the same: whether a user exists must not show in the time. */
  verify(password: string, stored: string | undefined): Promise<boolean>
  /** Made with other parameters than today's: hash again when the password is at hand. */
  isOutdated(stored: string): boolean
}

export function createPasswords(randomBytes: RandomBytes, cost: PasswordCost = PASSWORD_COST): Passwords {
  const run = createQueue()
  const derive = (password: string, { memoryKiB, passes, parallelism, salt }: Omit<Parsed, 'tag'>) =>
    run(() =>
      promisify(argon2)('argon2id', {
        message: password.normalize('NFC'),
        nonce: salt,
        memory: memoryKiB,
        passes,
        parallelism,
        tagLength: TAG_BYTES,
      }),
    )
  const decoy: Parsed = { ...cost, salt: Buffer.alloc(SALT_BYTES), tag: Buffer.alloc(TAG_BYTES) }
  return {
    async hash(password) {
      const salt = Buffer.from(randomBytes(SALT_BYTES))
      return format({ ...cost, salt, tag: await derive(password, { ...cost, salt }) })
    },
    async verify(password, stored) {
      const parsed = stored === undefined ? decoy : parse(stored)
      const tag = await derive(password, parsed)
      return timingSafeEqual(tag, parsed.tag) && stored !== undefined
    },
    isOutdated(stored) {
      const parsed = parse(stored)
      return (['memoryKiB', 'passes', 'parallelism'] as const).some((name) => parsed[name] !== cost[name])
    },
  }
}

function format({ memoryKiB, passes, parallelism, salt, tag }: Parsed): string {
  const text = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '')
  return `$argon2id$v=19$m=${memoryKiB},t=${passes},p=${parallelism}$${text(salt)}$${text(tag)}`
}

function parse(stored: string): Parsed {
  const match = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/.exec(stored)
  if (match === null) throw new Error('a stored password hash is not in the expected form')
  const [, memory, passes, parallelism, salt, tag] = match
  return {
    memoryKiB: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    salt: Buffer.from(salt!, 'base64'),
    tag: Buffer.from(tag!, 'base64'),
  }
}

/** A few at a time: each costs memory, and a flood of sign-ins must not take the service. */
function createQueue(): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0
  const waiting: (() => void)[] = []
  return async (work) => {
    if (running >= RUNNING_MAX) {
      if (waiting.length >= WAITING_MAX) {
        throw new AppError('unavailable', 'Too many sign-ins are waiting: try again in a moment.', {
          retryAfterSeconds: 2,
        })
      }
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else {
      running += 1
    }
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) running -= 1
      else next()
    }
  }
}
