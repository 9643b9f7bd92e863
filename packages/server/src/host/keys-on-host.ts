import type { ApiKeyCreate } from '@latchkey/contract/schemas/keys'
import { AppError } from '@latchkey/core/error'
import { isId } from '@latchkey/core/ids'
import { requesterOnHost } from '../changes/requester.ts'
import { type CreatedKey, createKey } from '../keys/create-key.ts'
import { deleteKey } from '../keys/delete-key.ts'
import { readKeyInput } from '../keys/key-input.ts'
import { rotateKey } from '../keys/rotate-key.ts'
import type { Services } from '../services.ts'
import type { Key } from '../storage/tables/key.ts'
import { findKeyInDeployment } from '../storage/tables/keys.ts'
import { getUserOnHost } from './users-on-host.ts'

type HostServices = Pick<Services, 'engine' | 'change' | 'config' | 'fingerprint'>

/**
 * Creates a key for any user of the deployment, by id or email: for whoever runs a command on the server.
 * Throws AppError: input faults, `user_not_found`.
 */
export async function createKeyOnHost(
  services: HostServices,
  idOrEmail: string,
  input: Omit<ApiKeyCreate, 'userId'>,
): Promise<CreatedKey> {
  const { change, engine, config, fingerprint } = services
  const user = await getUserOnHost(engine, idOrEmail)
  const read = readKeyInput<ApiKeyCreate>({ ...input, userId: user.id })
  const keyDeps = { keyPrefix: config.keyPrefix, fingerprint }
  return change(requesterOnHost(user.companyId), user.companyId, (open) => createKey(open, keyDeps, read))
}

/** A key of any company by its id. Throws AppError `key_not_found`. */
export async function getKeyOnHost({ engine }: Pick<Services, 'engine'>, id: string): Promise<Key> {
  const key = isId('key', id) ? await engine.read((db) => findKeyInDeployment(db, id)) : undefined
  if (key !== undefined) return key
  // What was given may be the text of a key: it is not repeated.
  throw new AppError(
    'key_not_found',
    'No key has that id. Ids begin with key_, and stand in lists, in the audit and beside a key when it is made.',
  )
}

/** Deletes a key for whoever runs a command on the server. Answers when no server accepts it any more. */
export async function deleteKeyOnHost(
  { change }: Pick<Services, 'change'>,
  { id, companyId }: Pick<Key, 'id' | 'companyId'>,
): Promise<void> {
  await change(requesterOnHost(companyId), companyId, (open) => deleteKey(open, id), { isRevocation: true })
}

/** Gives a key a new secret, whatever its user: for whoever runs a command on the server. Throws AppError, as `rotateKey`. */
export async function rotateKeyOnHost(
  { change, config, fingerprint }: Pick<Services, 'change' | 'config' | 'fingerprint'>,
  { id, companyId }: Pick<Key, 'id' | 'companyId'>,
  overlapSeconds: number | undefined,
): Promise<CreatedKey> {
  const keyDeps = { keyPrefix: config.keyPrefix, fingerprint }
  return change(
    requesterOnHost(companyId),
    companyId,
    (open) => rotateKey(open, keyDeps, id, overlapSeconds),
    { isRevocation: true },
  )
}
