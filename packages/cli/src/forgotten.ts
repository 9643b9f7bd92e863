import type { Compared, ForgottenKind } from '@latchkey/server/commands'

/** What a restored store gives back that had been taken away, kind by kind, with names. */
export function describeForgotten({ accepted, forgotten }: Compared): string {
  if (forgotten === undefined) {
    const why =
      accepted === undefined
        ? 'There was no accepted store to compare it with'
        : 'The store that was there before cannot be read, so they were not compared'
    return `${why}: what was revoked after the backup is active again in it.\n`
  }
  const { revisions, kinds } = forgotten
  const changes = revisions === 1 ? '1 change that was' : `${revisions} changes that were`
  const head = `It has forgotten up to ${changes} made after the backup.`
  if (kinds.length === 0) return `${head} Nothing that had been taken away is there again in it.\n`
  const lines = kinds.map(({ kind, count, names }) => {
    const more = count > names.length ? [`  and ${count - names.length} more`] : []
    return [`${SENTENCES[kind]}: ${count}.`, ...names.map((name) => `  ${name}`), ...more].join('\n')
  })
  return `${head} Take away again, before you let callers in, what is there again in it:\n${lines.join('\n')}\n`
}

const SENTENCES: Readonly<Record<ForgottenKind, string>> = {
  companyDeactivated: 'Companies that had been deactivated',
  companyExternalId: 'Companies whose external id had been changed or removed',
  userDeactivated: 'Users who had been deactivated',
  userDeleted: 'Users who had been deleted',
  userDemoted: 'Users who had been given a lower role',
  userPermissions: 'Users whose permissions had been narrowed',
  userEmail: 'Users whose email address had been changed or removed',
  userExternalId: 'Users whose external id had been changed or removed',
  userUnknown: 'Users who had not been there',
  password: 'Users whose password had been changed or ended',
  invitation: 'Users whose invitation had been used or ended',
  session: 'Sessions that had been ended',
  keyDeleted: 'Keys that had been deleted',
  keyDisabled: 'Keys that had been disabled',
  keyAllowlist: 'Keys whose addresses had been restricted',
  keyPermissions: 'Keys whose permissions had been narrowed',
  keyExpiry: 'Keys whose end had been brought forward',
  keyLimits: 'Keys whose limits had been tightened or renamed',
  keySecret: 'Keys whose secret had been replaced',
  keyPreviousSecret: 'Keys whose old secret had been ended, or was to end sooner',
  keyUnknown: 'Keys that had not been there',
  auditPruned: 'Companies whose oldest audit events had been pruned',
  auditErased: 'Companies in whose audit events personal values had been erased',
}
