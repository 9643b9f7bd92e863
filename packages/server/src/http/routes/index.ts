import type { OperationId } from '@latchkey/contract/operations'
import type { Handler } from '../schema/context.ts'
import { cancelRotation } from './cancel-rotation.ts'
import { createApiKey } from './create-api-key.ts'
import { createCompany } from './create-company.ts'
import { createInvitation } from './create-invitation.ts'
import { createSession } from './create-session.ts'
import { createShortLivedToken } from './create-short-lived-token.ts'
import { createUser } from './create-user.ts'
import { deleteApiKey } from './delete-api-key.ts'
import { deleteUser } from './delete-user.ts'
import { endSession } from './end-session.ts'
import { followChanges } from './follow-changes.ts'
import { getApiKey } from './get-api-key.ts'
import { getCompany } from './get-company.ts'
import { getHealth } from './get-health.ts'
import { getKeyRecord } from './get-key-record.ts'
import { getKeyUsage } from './get-key-usage.ts'
import { getMe } from './get-me.ts'
import { getReadiness } from './get-readiness.ts'
import { getUser } from './get-user.ts'
import { importApiKeys } from './import-api-keys.ts'
import { listApiKeys } from './list-api-keys.ts'
import { listAuditEvents } from './list-audit-events.ts'
import { listCompanies } from './list-companies.ts'
import { listUsage } from './list-usage.ts'
import { listUsers } from './list-users.ts'
import { previewAllowlist } from './preview-allowlist.ts'
import { renewSession } from './renew-session.ts'
import { reportUsage } from './report-usage.ts'
import { rotateApiKey } from './rotate-api-key.ts'
import { setPassword } from './set-password.ts'
import { updateApiKey } from './update-api-key.ts'
import { updateCompany } from './update-company.ts'
import { updateRotation } from './update-rotation.ts'
import { updateUser } from './update-user.ts'
import { verifyApiKey } from './verify-api-key.ts'
import { verifyApiKeys } from './verify-api-keys.ts'

/** One handler for each operation: a row of the table without one does not compile. */
export const handlers = {
  cancelRotation,
  createApiKey,
  createCompany,
  createInvitation,
  createSession,
  createShortLivedToken,
  createUser,
  deleteApiKey,
  deleteUser,
  endSession,
  followChanges,
  getApiKey,
  getCompany,
  getHealth,
  getKeyRecord,
  getKeyUsage,
  getMe,
  getReadiness,
  getUser,
  importApiKeys,
  listApiKeys,
  listAuditEvents,
  listCompanies,
  listUsage,
  listUsers,
  previewAllowlist,
  renewSession,
  reportUsage,
  rotateApiKey,
  setPassword,
  updateApiKey,
  updateCompany,
  updateRotation,
  updateUser,
  verifyApiKey,
  verifyApiKeys,
} satisfies { readonly [Id in OperationId]: Handler<Id> }
