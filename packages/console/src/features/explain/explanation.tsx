import type { ApiKey } from '@latchkey/contract/schemas/keys'
import { Link } from '@tanstack/react-router'
import { useUsers } from '../../api/queries.ts'
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
  const user = useUsers().find(({ id }) => id === apiKey.userId)
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
        <Notice tone="good">
          <p>Nothing here refuses it. Where something is open below, fill it in above.</p>
        </Notice>
      ) : (
        <Notice tone="bad">
          <p>
            Refused, {failed.code}: {failed.text}
          </p>
        </Notice>
      )}
      <ol className="lk-steps">
        {checks.map((check) => (
          <CheckLine key={check.name} check={check} />
        ))}
      </ol>
      {failed === undefined ? null : <Remedy apiKey={apiKey} failed={failed} address={address} />}
      <LatelyRefused apiKey={apiKey} />
    </section>
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
