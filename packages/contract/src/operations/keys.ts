import { ImportRequest, ImportResult } from '../schemas/import.ts'
import {
  ApiKey,
  ApiKeyCreate,
  ApiKeyList,
  ApiKeyUpdate,
  ListKeysQuery,
  RotationCreate,
  RotationUpdate,
} from '../schemas/keys.ts'
import type { Operation } from './operation.ts'

const tag = 'API Keys'

/** 1,000 entries have 262 KB at most, 50 names and values of metadata 120 KB. */
const KEY_BYTES_MAX = 512 * 1024

/** 4 KB a row: more than most have. */
const IMPORT_BYTES_MAX = 4 * 1024 * 1024

export const keyOperations = {
  listApiKeys: {
    method: 'GET',
    path: '/keys',
    tag,
    summary: "List the company's API keys",
    description: 'Returns one page of the keys that belong to the company of the caller, newest first.',
    authentication: 'required',
    permission: 'keys:list',
    query: ListKeysQuery,
    success: { status: 200, schema: ApiKeyList },
  },
  createApiKey: {
    method: 'POST',
    path: '/keys',
    tag,
    summary: 'Create an API key',
    description:
      "Creates a key that acts as the given user of the caller's company. This answer is the only place where the " +
      'whole secret appears.',
    authentication: 'required',
    permission: 'keys:create',
    isIdempotent: true,
    body: ApiKeyCreate,
    bodyBytesMax: KEY_BYTES_MAX,
    success: { status: 201, schema: ApiKey },
  },
  getApiKey: {
    method: 'GET',
    path: '/keys/{keyId}',
    tag,
    summary: 'Read one API key',
    description:
      "Returns one key of the caller's company, whatever its status. A key may always read itself.",
    authentication: 'required',
    permission: 'keys:read',
    allowsSelf: true,
    hasEtag: true,
    success: { status: 200, schema: ApiKey },
  },
  updateApiKey: {
    method: 'PATCH',
    path: '/keys/{keyId}',
    tag,
    summary: 'Change an API key',
    description:
      'Changes what is given and leaves the rest. Removing a restriction takes an explicit null. A change that ' +
      'disables the key is in force on every server when it is answered.',
    authentication: 'required',
    permission: 'keys:update',
    hasEtag: true,
    body: ApiKeyUpdate,
    bodyBytesMax: KEY_BYTES_MAX,
    success: { status: 200, schema: ApiKey },
  },
  deleteApiKey: {
    method: 'DELETE',
    path: '/keys/{keyId}',
    tag,
    summary: 'Delete an API key',
    description:
      'Deactivates the key for good. When 204 is answered no server of the deployment accepts it any more. A key may ' +
      'always delete itself.',
    authentication: 'required',
    permission: 'keys:delete',
    allowsSelf: true,
    hasEtag: true,
    success: { status: 204 },
  },
  rotateApiKey: {
    method: 'POST',
    path: '/keys/{keyId}/rotation',
    tag,
    summary: 'Give an API key a new secret',
    description:
      'The id, the restrictions and the history stay. The old secret lives for the overlap, or not at all. This answer ' +
      'is the only place where the whole new secret appears.',
    authentication: 'required',
    permission: 'keys:rotate',
    hasEtag: true,
    isIdempotent: true,
    body: RotationCreate,
    success: { status: 201, schema: ApiKey },
  },
  updateRotation: {
    method: 'PATCH',
    path: '/keys/{keyId}/rotation',
    tag,
    summary: 'Move the end of the old secret',
    description:
      'Later, sooner or now. When a sooner end is answered no server of the deployment accepts the old secret beyond ' +
      'it. Now is fine again, and changes nothing.',
    authentication: 'required',
    permission: 'keys:rotate',
    hasEtag: true,
    body: RotationUpdate,
    success: { status: 200, schema: ApiKey },
  },
  importApiKeys: {
    method: 'POST',
    path: '/keys/import',
    tag,
    summary: 'Import keys of another system',
    description:
      'Takes up to 1,000 keys as they are, by their text or by the hash that the other system kept, so that nobody needs ' +
      'a new one. For the operator, who names the company with X-Company-Id. A text that is, or was, a key here stays ' +
      'as it is; each row is answered for itself.',
    authentication: 'required',
    permission: 'keys:import',
    body: ImportRequest,
    bodyBytesMax: IMPORT_BYTES_MAX,
    success: { status: 200, schema: ImportResult },
  },
  cancelRotation: {
    method: 'DELETE',
    path: '/keys/{keyId}/rotation',
    tag,
    summary: 'Cancel a rotation',
    description:
      'The new secret dies: when 204 is answered no server accepts it any more. The old one stays as it was before. ' +
      'Again is fine and changes nothing.',
    authentication: 'required',
    permission: 'keys:rotate',
    hasEtag: true,
    success: { status: 204 },
  },
} as const satisfies Record<string, Operation>
