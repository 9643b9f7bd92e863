import { connect } from '../remote.ts'

/** A key with its secret, as a command that makes one prints it. */
export type Made = {
  readonly id: string
  readonly companyId: string
  readonly userId: string
  readonly key: string
}

type Creation = { readonly user: string; readonly description?: string; readonly ip?: readonly string[] }

/** Makes a key over the network. */
export async function createRemotely(url: string, { user, description, ip }: Creation): Promise<Made> {
  const client = await connect(url)
  return client.keys.create({
    userId: user,
    ...(description === undefined ? {} : { description }),
    ...(ip === undefined ? {} : { whitelistedIPs: [...ip] }),
  })
}

/** The same of a new secret; `endsAt`: when the old one ends. */
export async function rotateRemotely(
  url: string,
  id: string,
  overlap: number | undefined,
): Promise<Made & { readonly endsAt: string | undefined }> {
  const client = await connect(url)
  const rotated = await client.keys.rotate(id, overlap === undefined ? {} : { overlapSeconds: overlap })
  return { ...rotated, endsAt: rotated.rotation?.previousEndsAt }
}
