import { AppError } from '@latchkey/core/error'
import type { Quota } from '@latchkey/core/quota'

export const keysQuota = (max: number): Quota => ({
  noun: 'keys, deleted ones among them,',
  setting: 'LATCHKEY_KEYS_PER_COMPANY',
  max,
})

/** Throws AppError `quota_exceeded` when a key would have more metadata than it may. */
export function assertMetadataFits(
  metadata: Readonly<Record<string, string>> | undefined,
  bytesMax: number,
): void {
  const bytes = metadata === undefined ? 0 : Buffer.byteLength(JSON.stringify(metadata))
  if (bytes <= bytesMax) return
  throw new AppError(
    'quota_exceeded',
    `metadata has ${bytes.toLocaleString('en')} bytes and may have ${bytesMax.toLocaleString('en')}: send less, or ask ` +
      'whoever runs the service to raise LATCHKEY_METADATA_BYTES_PER_KEY.',
  )
}
