import type { ApiKey } from '@latchkey/contract/schemas/keys'
import { Button, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { deploymentQuery } from '../../api/queries.ts'
import { INSTEAD_OF_SECRET, isWholeSecret } from '../../api/whole-secret.ts'
import { ApiCall } from '../../ui/api-call.tsx'
import { Notice, ProblemNotice } from '../../ui/notice.tsx'
import { Page } from '../../ui/page.tsx'
import { PathText } from '../../ui/path-text.tsx'
import { Explanation } from './explanation.tsx'
import { findKeys } from './find-key.ts'
import { isRequestId } from './request-id.ts'
import { RequestTrace } from './request-trace.tsx'

type Asked = { readonly key?: string; readonly address?: string; readonly permission?: string }

/** From what a customer complains about to what to change. */
export function WhyPage() {
  const asked: Asked = useSearch({ strict: false })
  const navigate = useNavigate()
  const path = useQuery(deploymentQuery).data?.path
  const isRequest = isRequestId(asked.key ?? '')
  const { data, error, isFetching } = useQuery({
    queryKey: ['keys', 'asked', asked.key],
    enabled: asked.key !== undefined && !isRequest,
    queryFn: ({ signal }) => findKeys(asked.key ?? '', signal),
  })
  return (
    <Page
      title="Why was it refused?"
      lead="Name the key and the address from where it was used, or the id of a request. You see each check in the order in which the service makes it, and what to change."
    >
      <section className="lk-panel">
        <AskForm
          key={JSON.stringify(asked)}
          asked={asked}
          onAsk={(next) => void navigate({ to: '/why', search: { ...next } })}
        />
        {path === undefined ? null : (
          <p className="lk-small lk-dim">
            <PathText path={path} /> If that is a proxy of yours, set LATCHKEY_TRUSTED_PROXIES: a key
            restricted to addresses then meets the right one.
          </p>
        )}
      </section>
      <ProblemNotice error={error} />
      <div aria-live="polite" aria-busy={isFetching}>
        {isRequest ? <RequestTrace requestId={asked.key ?? ''} /> : <Found keys={data} asked={asked} />}
      </div>
      {asked.key === undefined || isRequest ? null : (
        <ApiCall path={`/keys/${data?.length === 1 ? data[0]?.id : asked.key}`} />
      )}
    </Page>
  )
}

function AskForm({ asked, onAsk }: { readonly asked: Asked; readonly onAsk: (asked: Asked) => void }) {
  const [key, setKey] = useState(asked.key ?? '')
  const [address, setAddress] = useState(asked.address ?? '')
  const [permission, setPermission] = useState(asked.permission ?? '')
  const isSecret = isWholeSecret(key)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const texts = { key: key.trim(), address: address.trim(), permission: permission.trim() }
    onAsk(Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== '')))
  }
  return (
    <form onSubmit={submit} className="lk-filters">
      <TextInput
        className="lk-search"
        label="Key or request"
        placeholder="Id, lk_live_2Zc9...WtJx, WtJx or req_…"
        value={key}
        onChange={(event) => setKey(event.currentTarget.value)}
        error={isSecret ? INSTEAD_OF_SECRET : undefined}
        required
        withAsterisk={false}
      />
      <TextInput
        label="Address"
        placeholder="192.0.2.7"
        value={address}
        onChange={(event) => setAddress(event.currentTarget.value)}
      />
      <TextInput
        label="Permission"
        placeholder="orders:read"
        value={permission}
        onChange={(event) => setPermission(event.currentTarget.value)}
      />
      <Button type="submit" disabled={isSecret}>
        Explain
      </Button>
    </form>
  )
}

type FoundProps = { readonly keys: readonly ApiKey[] | undefined; readonly asked: Asked }

function Found({ keys, asked }: FoundProps) {
  if (keys === undefined) return null
  const [only, ...others] = keys
  if (only === undefined) {
    return (
      <Notice tone="bad">
        <p>
          No key of your company fits. The service answers NOT_FOUND, or 401 <code>invalid_credentials</code>:
          the key was mistyped, cut off, or is of another deployment.
        </p>
      </Notice>
    )
  }
  if (others.length === 0) return <Explanation apiKey={only} asked={asked} />
  return (
    <section className="lk-panel">
      <h2>Which of these?</h2>
      <ul>
        {keys.map(({ id, key, description }) => (
          <li key={id}>
            <Link to="/why" search={{ ...asked, key: id }} className="lk-text">
              {description ?? 'No description'} <span className="lk-mono">{key}</span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  )
}
