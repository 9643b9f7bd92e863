import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { weaknessOf } from '@latchkey/core/secret-strength'
import type { SecretSource } from '../config.ts'
import { keysThatFit } from '../deployment.ts'
import { dressingOf, readSecretFile, secretFileOf } from '../server-secret.ts'
import type { GivenSecret } from '../settings.ts'
import { isOpenToOthers, modeOf } from './file-mode.ts'
import { type Finding, fine, problem, reasonOf, warning } from './finding.ts'

const CHECK = 'server-secret'
const PUT_BACK =
  'Put back the server secret this store was made with (LATCHKEY_SECRET, LATCHKEY_SECRET_FILE or server.secret ' +
  'in the data directory).'

/** What a store notes of its secret; nothing before its first start. */
type Known = { readonly isNew: boolean; readonly secretCheck: Uint8Array | undefined }

/** Whether the server secret is there, private, and the one the store was made with. */
export function diagnoseServerSecret(source: SecretSource, store: Known): Finding {
  if (source.secret !== null) return compare(source.secret, 'LATCHKEY_SECRET', store)
  const isOwn = source.secretFile === null
  const file = resolve(source.secretFile ?? secretFileOf(source.dataDir))
  const found = statSync(file, { throwIfNoEntry: false })
  if (found === undefined) {
    if (!isOwn) return problem(CHECK, `LATCHKEY_SECRET_FILE names ${file}, which does not exist.`, PUT_BACK)
    if (store.isNew) return fine(CHECK, 'not made yet; the first start makes it')
    return problem(CHECK, `${file} is missing, and the store cannot be used without it.`, PUT_BACK)
  }
  let secret: GivenSecret
  try {
    secret = readSecretFile(file)
  } catch (error) {
    return problem(CHECK, reasonOf(error), PUT_BACK)
  }
  const finding = compare(secret, file, store)
  if (finding.level !== 'ok' || !isOpenToOthers(found.mode)) return finding
  // A volume belongs to a group (fsGroup of Kubernetes), and gives each file in it to that when it is mounted.
  const isOfGroup = (found.mode & 0o007) === 0
  const others = isOfGroup ? 'its group' : 'other users of the machine'
  const detail = `${file} has the mode ${modeOf(found.mode)}: ${others} can read it.`
  // Nor can the mode of a secret always be chosen that an orchestrator mounts.
  return (isOwn && !isOfGroup ? problem : warning)(CHECK, detail, `chmod 600 '${file}'`)
}

const A_NEW_ONE = 'Make a new store with a random one (openssl rand -hex 32), and issue the keys anew.'

function compare(given: GivenSecret, place: string, { isNew, secretCheck }: Known): Finding {
  if (secretCheck !== undefined && keysThatFit(given, secretCheck) === undefined) {
    return problem(CHECK, `The one from ${place} is not the one this store was made with.`, PUT_BACK)
  }
  const dressing = isNew ? dressingOf(given) : undefined
  if (dressing !== undefined) {
    const { what, remedy } = dressing
    return problem(CHECK, `The one from ${place} has ${what}.`, `No store is made so: ${remedy}.`)
  }
  const weakness = weaknessOf(given.text)
  if (weakness !== undefined) {
    const remedy = isNew ? 'Use a random one: openssl rand -hex 32 makes one.' : A_NEW_ONE
    return problem(CHECK, `The one from ${place} ${weakness}, and could be found out from a token.`, remedy)
  }
  return fine(
    CHECK,
    secretCheck === undefined ? `from ${place}` : `from ${place}, the one this store was made with`,
  )
}
