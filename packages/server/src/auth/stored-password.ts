/** What a slow hash costs. */
export type PasswordCost = {
  readonly memoryKiB: number
  readonly passes: number
  readonly parallelism: number
}

/** A stored password, taken apart. */
export type Stored = PasswordCost & {
  readonly salt: Buffer
  readonly tag: Buffer
  /** The tag is an HMAC of the slow hash, bound to its user; else the slow hash itself, as it was stored before. */
  readonly isPeppered: boolean
}

/** PHC string: `$argon2id-hmac$v=19$m=…,t=…,p=…$salt$tag`. Without `-hmac`: the form from before there was a pepper. */
export function parseStored(text: string): Stored {
  const match = /^\$argon2id(-hmac)?\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/.exec(text)
  if (match === null) throw new Error('a stored password hash is not in the expected form')
  const [, pepper, memory, passes, parallelism, salt, tag] = match
  return {
    memoryKiB: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    salt: Buffer.from(salt!, 'base64'),
    tag: Buffer.from(tag!, 'base64'),
    isPeppered: pepper !== undefined,
  }
}

export function formatStored({ memoryKiB, passes, parallelism, salt, tag }: Stored): string {
  const text = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '')
  return `$argon2id-hmac$v=19$m=${memoryKiB},t=${passes},p=${parallelism}$${text(salt)}$${text(tag)}`
}
