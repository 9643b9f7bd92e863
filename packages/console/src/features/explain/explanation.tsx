import type { ApiKey } from '@latchkey/contract/schemas/keys'
import { Button } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { isAdmitted } from '../../api/addresses.ts'
import { useMay, useUsers } from '../../api/queries.ts'
import { request } from '../../api/request.ts'
import { Notice, ProblemNotice } from '../../ui/notice.tsx'
import { say } from '../../ui/toasts.tsx'
import { type Check, explain } from './explain.ts'

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

type RemedyProps = { readonly apiKey: ApiKey; readonly failed: Check; readonly address: string }

/** One click, where one is enough. */
function Remedy({ apiKey, failed, address }: RemedyProps) {
  const may = useMay()
  const client = useQueryClient()
  const [error, setError] = useState<unknown>()
  const change = async (body: object, done: string) => {
    setError(undefined)
    try {
      await request('PATCH', `/keys/${apiKey.id}`, { body })
      await client.invalidateQueries()
      say(done)
    } catch (failure) {
      setError(failure)
    }
  }
  const isAddable = failed.name === 'Address' && isAdmitted(apiKey.whitelistedIPs, address) === false
  if (!may('keys:update') || apiKey.deletedAt !== null) return null
  return (
    <div className="lk-stack">
      <ProblemNotice error={error} />
      <div className="lk-row">
        {isAddable ? (
          <Button
            onClick={() =>
              change(
                { whitelistedIPs: [...(apiKey.whitelistedIPs ?? []), address] },
                `${address} may use the key now.`,
              )
            }
          >
            Allow {address}
          </Button>
        ) : null}
        {failed.code === 'INACTIVE' ? (
          <Button onClick={() => change({ enabled: true }, 'Enabled: it works again.')}>
            Enable the key
          </Button>
        ) : null}
        {failed.code === 'EXPIRED' ? (
          <Button onClick={() => change({ expiresAt: null }, 'It works again, and does not expire.')}>
            Let it never expire
          </Button>
        ) : null}
      </div>
    </div>
  )
}
