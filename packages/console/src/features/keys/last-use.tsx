import type { ApiKey } from '@latchkey/contract/schemas/keys'
import { When } from '../../ui/when.tsx'

/** A key that was used so lately is probably still in use somewhere, in milliseconds. */
const LATELY_MS = 7 * 86_400_000

export const isInUse = ({ lastUsedAt }: Pick<ApiKey, 'lastUsedAt'>): boolean =>
  lastUsedAt !== null && Date.now() - new Date(lastUsedAt).getTime() < LATELY_MS

/** Which key is about to stop, and whether somebody still uses it. */
export function LastUse({ apiKey: { key, lastUsedAt, lastAddress } }: { readonly apiKey: ApiKey }) {
  return (
    <p className="lk-text">
      <span className="lk-mono">{key}</span>{' '}
      {lastUsedAt === null ? (
        'was never used.'
      ) : (
        <>
          was last used <When at={lastUsedAt} />
          {lastAddress === null ? '' : ` from ${lastAddress}`}.
        </>
      )}
    </p>
  )
}
