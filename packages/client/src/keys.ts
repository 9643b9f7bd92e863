import type { Call } from './call.ts'
import type { CallOptions } from './options.ts'
import { createPages, type Pages } from './pages.ts'
import type { Transport } from './transport.ts'
import type {
  AllowlistPreview,
  AllowlistPreviewRequest,
  ApiKey,
  ApiKeyCreate,
  ApiKeyList,
  ApiKeyUpdate,
  GetKeyUsageQuery,
  ImportRequest,
  ImportResult,
  KeyUsage,
  ListApiKeysQuery,
  RotationCreate,
  RotationUpdate,
} from './wire.ts'

/** The company's keys. */
export interface KeysResource {
  /** Newest first: every one by `for await`, or one page by `.page()`. */
  list(query?: ListApiKeysQuery, options?: CallOptions): Pages<ApiKey, ApiKeyList>
  /** The answer's `key` is the whole secret, this once. */
  create(key: ApiKeyCreate, options?: CallOptions): Call<ApiKey>
  get(id: string, options?: CallOptions): Call<ApiKey>
  /** Changes what is given and leaves the rest. */
  update(id: string, change: ApiKeyUpdate, options?: CallOptions): Call<ApiKey>
  /** When it resolves, no server accepts the key any more. */
  delete(id: string, options?: CallOptions): Call<undefined>
  /** Gives the key a new secret, which is the answer's `key`, this once. The old one lives a day, or as long as is said. */
  rotate(id: string, rotation?: RotationCreate, options?: CallOptions): Call<ApiKey>
  /** Moves the end of the old secret. */
  updateRotation(id: string, rotation: RotationUpdate, options?: CallOptions): Call<ApiKey>
  /** The new secret dies, the old one stays as it was. */
  cancelRotation(id: string, options?: CallOptions): Call<undefined>
  /** How often the key was used, from where, and why it was refused. */
  usage(id: string, query?: GetKeyUsageQuery, options?: CallOptions): Call<KeyUsage>
  /** Which addresses of the last 30 days a new allowlist would refuse. Changes nothing. */
  previewAllowlist(id: string, list: AllowlistPreviewRequest, options?: CallOptions): Call<AllowlistPreview>
  /** Takes keys of another system as they are; each row is answered for itself. Asking again creates nothing twice. */
  importAll(keys: ImportRequest, options?: CallOptions): Call<ImportResult>
}

export function createKeys(transport: Transport): KeysResource {
  return {
    list: (query = {}, options) =>
      createPages(query, (page) => transport('listApiKeys', { query: page }, options)),
    create: (body, options) => transport('createApiKey', { body }, options),
    get: (id, options) => transport('getApiKey', { ids: [id] }, options),
    update: (id, body, options) => transport('updateApiKey', { ids: [id], body }, options),
    delete: (id, options) => transport('deleteApiKey', { ids: [id] }, options),
    rotate: (id, body = {}, options) => transport('rotateApiKey', { ids: [id], body }, options),
    updateRotation: (id, body, options) => transport('updateRotation', { ids: [id], body }, options),
    cancelRotation: (id, options) => transport('cancelRotation', { ids: [id] }, options),
    importAll: (body, options) => transport('importApiKeys', { body }, options),
    usage: (id, query = {}, options) => transport('getKeyUsage', { ids: [id], query }, options),
    previewAllowlist: (id, body, options) => transport('previewAllowlist', { ids: [id], body }, options),
  }
}
