import type { ApiKey } from '@latchkey/contract/schemas/keys'
import { When } from '../../ui/when.tsx'

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
