import type { ConsoleSessions } from '@latchkey/contract/schemas/console'
import { Button } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { ApiError } from '../../api/api-error.ts'
import { request } from '../../api/request.ts'
import { Badge } from '../../ui/badge.tsx'
import { ListTable } from '../../ui/list-table.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { say } from '../../ui/toasts.tsx'
import { When } from '../../ui/when.tsx'

export const SESSIONS_KEY = ['sessions']

type Session = ConsoleSessions['data'][number]

/** Where whoever is signed in is signed in, and the way to end what one does not know. */
export function OwnSessions() {
  const client = useQueryClient()
  const [failure, setFailure] = useState<unknown>()
  const { data, error, isPending, refetch } = useQuery({
    queryKey: SESSIONS_KEY,
    queryFn: async ({ signal }) =>
      (await request<ConsoleSessions>('GET', '/console/sessions', { signal })).body.data,
  })
  const others = data?.filter(({ isCurrent }) => !isCurrent) ?? []
  const end = async (sessions: readonly Session[]) => {
    setFailure(undefined)
    try {
      for (const { id } of sessions) await request('DELETE', `/console/sessions/${id}`).catch(unlessOver)
      say(
        sessions.length === 1 ? 'The session has ended, on all servers.' : 'They have ended, on all servers.',
      )
    } catch (refusal) {
      setFailure(refusal)
    }
    await client.invalidateQueries({ queryKey: SESSIONS_KEY })
  }
  return (
    <section className="lk-panel lk-stack">
      <h2>Your sessions</h2>
      <ProblemNotice error={error ?? failure} retry={() => void refetch()} />
      <ListTable
        caption="Your sessions, newest first"
        headings={['Signed in', 'From', 'Ends unless used', 'Session']}
        isLoading={isPending}
      >
        {data?.map((session) => (
          <SessionRow key={session.id} session={session} onEnd={() => end([session])} />
        ))}
      </ListTable>
      {others.length < 2 ? null : (
        <div className="lk-row">
          <Button variant="default" onClick={() => end(others)}>
            End the other {others.length}
          </Button>
        </div>
      )}
    </section>
  )
}

/** It was to end, and has ended. */
function unlessOver(error: unknown): void {
  if (!(error instanceof ApiError) || error.code !== 'session_not_found') throw error
}

type SessionRowProps = { readonly session: Session; readonly onEnd: () => void }

function SessionRow({ session, onEnd }: SessionRowProps) {
  const { id, isCurrent, address, startedAt, expiresAt } = session
  return (
    <tr>
      <td data-label="Signed in">
        <When at={startedAt} />
      </td>
      <td data-label="From" className="lk-mono">
        {address ?? 'not known'}
      </td>
      <td data-label="Ends unless used">
        <When at={expiresAt} />
      </td>
      <td data-label="Session">
        {isCurrent ? (
          <Badge tone="green">This one</Badge>
        ) : (
          <Button
            variant="default"
            size="xs"
            aria-label={`End the session from ${address ?? 'somewhere'}, ${id.slice(-4)}`}
            onClick={onEnd}
          >
            End
          </Button>
        )}
      </td>
    </tr>
  )
}
