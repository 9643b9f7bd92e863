import { SegmentedControl } from '@mantine/core'
import { useState } from 'react'
import { apiUrl } from '../api/base.ts'
import { CopyButton } from './copy-button.tsx'
import { Notice } from './notice.tsx'
import { TryIt } from './try-it.tsx'

/** The whole secret, this once. It is in the memory of this component and nowhere else. */
export function Reveal({ secret }: { readonly secret: string }) {
  const [form, setForm] = useState('secret')
  const texts: Readonly<Record<string, string>> = {
    secret,
    env: `LATCHKEY_API_KEY=${secret}`,
    curl: `curl -s '${apiUrl}/me' -H 'X-API-KEY: ${secret}'`,
  }
  const text = texts[form] ?? secret
  return (
    <div className="lk-stack">
      <Notice tone="warn">
        <p>This is the only time the whole key is shown. Store it now: nobody can show it again.</p>
      </Notice>
      <SegmentedControl
        aria-label="Form"
        value={form}
        onChange={setForm}
        data={[
          { value: 'secret', label: 'Key' },
          { value: 'env', label: '.env' },
          { value: 'curl', label: 'curl' },
        ]}
      />
      <code id="revealed-text" className="lk-code lk-secret">
        {text}
      </code>
      <div className="lk-row">
        <CopyButton text={text} selects="revealed-text" />
      </div>
      <TryIt secret={secret} />
    </div>
  )
}
