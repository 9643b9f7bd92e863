import type { ApiKey } from '@latchkey/contract/schemas/keys'
import { Link } from '@tanstack/react-router'
import { useUser } from '../../api/queries.ts'
import { Notice } from '../../ui/notice.tsx'
import { type Check, explain } from './explain.ts'
import { LatelyRefused } from './lately-refused.tsx'
import { Remedy } from './remedy.tsx'

type ExplanationProps = {
  readonly apiKey: ApiKey
  readonly asked: { readonly address?: string; readonly permission?: string }
}

/** Each check, in order, and what would make the first that fails pass. */
export function Explanation({ apiKey, asked }: ExplanationProps) {
  const { address = '', permission = '' } = asked
  const user = useUser(apiKey.userId)
  const checks = explain(apiKey, user, { address, permission, nowMs: Date.now() })
  const failed = checks.find(({ isPassed }) => isPassed === false)
  return (
    <section className="lk-panel lk-stack">
      <h2 className="lk-text">
        <Link to="/keys/$keyId" params={{ keyId: apiKey.id }}>
          {apiKey.description ?? 'No description'}
        </Link>{' '}
        <span className="lk-mono lk-dim">{apiKey.key}</span>
      </h2>
      {failed === undefined ? (
        <NothingRefuses checks={checks} />
      ) : (
        <Notice tone="bad">
          <p>
            Refused, {failed.code}: {failed.text}
          </p>
        </Notice>
      )}
      {failed === undefined ? null : <Remedy apiKey={apiKey} failed={failed} address={address} />}
      {address === '' ? <LatelyRefused apiKey={apiKey} /> : null}
      <ol className="lk-steps">
        {checks.map((check) => (
          <CheckLine key={check.name} check={check} />
        ))}
      </ol>
      {address === '' ? null : <LatelyRefused apiKey={apiKey} />}
    </section>
  )
}

/** That all is well is said only when nothing is open. */
function NothingRefuses({ checks }: { readonly checks: readonly Check[] }) {
  const open = checks.filter(({ isPassed }) => isPassed === undefined).map(({ name }) => name.toLowerCase())
  if (open.length === 0) {
    return (
      <Notice tone="good">
        <p>Nothing refuses it: asked like this, it is accepted.</p>
      </Notice>
    )
  }
  return (
    <Notice tone="note">
      <p>The key itself is in order. It depends on the {open.join(' and the ')}: name what was used above.</p>
    </Notice>
  )
}

const MARKS = { passed: ['✓', 'passed'], failed: ['✗', 'refused'], open: ['?', 'open'] } as const

function CheckLine({ check: { name, isPassed, text } }: { readonly check: Check }) {
  const [mark, word] = MARKS[isPassed === undefined ? 'open' : isPassed ? 'passed' : 'failed']
  return (
    <li>
      <span className="lk-mark" aria-hidden="true">
        {mark}
      </span>
      <span className="lk-text">
        <strong>{name}</strong> <span className="lk-dim">({word})</span>
        <br />
        {text}
      </span>
    </li>
  )
}
