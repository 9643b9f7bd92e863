import type { ApiKey } from '@latchkey/contract/schemas/keys'
import { Button } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { isAdmitted } from '../../api/addresses.ts'
import { useKeyRights } from '../../api/key-rights.ts'
import { request } from '../../api/request.ts'
import { ProblemNotice } from '../../ui/notice.tsx'
import { say } from '../../ui/toasts.tsx'
import type { Check } from './explain.ts'

type RemedyProps = { readonly apiKey: ApiKey; readonly failed: Check; readonly address: string }

/** One click, where one is enough. */
export function Remedy({ apiKey, failed, address }: RemedyProps) {
  const { may, reason } = useKeyRights(apiKey)
  const client = useQueryClient()
  const [error, setError] = useState<unknown>()
  const [isBusy, setBusy] = useState(false)
  const path = `/keys/${apiKey.id}`
  const run = async (work: () => Promise<unknown>, done: string) => {
    setError(undefined)
    setBusy(true)
    try {
      await work()
      await client.invalidateQueries()
      say(done)
    } catch (failure) {
      setError(failure)
    }
    setBusy(false)
  }
  const change = (body: object) => () => request('PATCH', path, { body })
  const isAddable = failed.name === 'Address' && isAdmitted(apiKey.whitelistedIPs, address) === false
  if (apiKey.deletedAt !== null) return null
  if (!may('change')) return reason === undefined ? null : <p className="lk-dim">{reason}</p>
  return (
    <div className="lk-stack">
      <ProblemNotice error={error} />
      <div className="lk-row">
        {isAddable ? (
          <Button
            loading={isBusy}
            onClick={() => run(() => allow(path, address), `${address} may use the key now.`)}
          >
            Allow {address}
          </Button>
        ) : null}
        {failed.code === 'INACTIVE' ? (
          <Button loading={isBusy} onClick={() => run(change({ enabled: true }), 'Enabled: it works again.')}>
            Enable the key
          </Button>
        ) : null}
        {failed.code === 'EXPIRED' ? (
          <Button
            loading={isBusy}
            onClick={() => run(change({ expiresAt: null }), 'It works again, and does not expire.')}
          >
            Let it never expire
          </Button>
        ) : null}
      </div>
    </div>
  )
}

/** Adds to the list as it is now: what somebody has removed since this page was opened does not come back with it. */
async function allow(path: string, address: string): Promise<void> {
  const { body, etag } = await request<ApiKey>('GET', path)
  if (isAdmitted(body.whitelistedIPs, address) !== false) return
  const headers = etag === undefined ? {} : { 'if-match': etag }
  await request('PATCH', path, {
    body: { whitelistedIPs: [...(body.whitelistedIPs ?? []), address] },
    headers,
  })
}
