import type { KeyId, UserId } from '@latchkey/core/ids'
import { forgetLateUses, deleteUser as remove } from '../../users/delete-user.ts'
import type { Handler } from '../schema/context.ts'
import { parseIfMatch } from '../wire/if-match.ts'

export const deleteUser: Handler<'deleteUser'> = async (deps, context) => {
  const { principal, requester, params } = context
  const isExpected = parseIfMatch(context.header('if-match'))
  // The addresses from which its keys were used may still wait in memory. They are stored first, so that they are
  // deleted and do not come back afterwards. When they cannot be stored they are lost, which is as good.
  await deps.usage.flush().catch(() => {})
  let after: KeyId | undefined
  do {
    const from = after
    after = await deps.change(
      requester,
      principal.companyId,
      (change) => remove(change, params.userId, from, isExpected),
      { isRevocation: true },
    )
  } while (after !== undefined)
  await forgetLateUses(deps.engine, principal.companyId, params.userId as UserId)
  return { body: undefined }
}
