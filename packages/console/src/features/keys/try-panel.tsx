import type { ApiKey } from '@latchkey/contract/schemas/keys'
import { useState } from 'react'
import { apiUrl } from '../../api/base.ts'
import { CopyButton } from '../../ui/copy-button.tsx'
import { Notice } from '../../ui/notice.tsx'

/** Waits with whoever has just made a key for its first use, and says when it came. */
export function TryPanel({ apiKey }: { readonly apiKey: ApiKey }) {
  const [hasWaited] = useState(apiKey.lastUsedAt === null)
  if (!hasWaited) return null
  const command = `curl -s '${apiUrl}/me' -H "X-API-KEY: $LATCHKEY_API_KEY"`
  return (
    <section className="lk-panel" aria-live="polite">
      <h2>First call</h2>
      {apiKey.lastUsedAt === null ? (
        <div className="lk-stack">
          <p className="lk-wait">Waiting for the first verified call…</p>
          <p className="lk-small lk-dim">
            Use the key in your program, or paste this into a shell where LATCHKEY_API_KEY holds the key.
          </p>
          <pre className="lk-code">{command}</pre>
          <div className="lk-row">
            <CopyButton text={command} />
          </div>
        </div>
      ) : (
        <Notice tone="good">
          <p>
            ✓ It works: the key was accepted
            {apiKey.lastAddress === null ? '' : `, from ${apiKey.lastAddress}`}.
          </p>
        </Notice>
      )}
    </section>
  )
}
