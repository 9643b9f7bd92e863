import type { AuditEvent } from '@latchkey/contract/schemas/audit'
import type { Listed } from '../../api/queries.ts'
import { request } from '../../api/request.ts'

/** As many as a browser holds and a table opens; more is for `latchkey audit export`. */
const EVENTS_MAX = 10_000
const PAGE = 100

/** Saves the events that a filter leaves, newest first. Throws ApiError, ConnectionError; nothing is saved then. */
export async function exportEvents(
  query: Readonly<Record<string, string | undefined>>,
  form: 'csv' | 'jsonl',
): Promise<void> {
  const events: AuditEvent[] = []
  for (let isMore = true; isMore && events.length < EVENTS_MAX; ) {
    const page = { ...query, limit: PAGE, startingAfter: events.at(-1)?.id }
    const { body } = await request<Listed<AuditEvent>>('GET', '/audit', { query: page })
    events.push(...body.data)
    isMore = body.nextUrl !== null
  }
  const text = form === 'csv' ? csvOf(events) : events.map((event) => `${JSON.stringify(event)}\n`).join('')
  save(text, `audit.${form}`, form === 'csv' ? 'text/csv' : 'application/x-ndjson')
}

function csvOf(events: readonly AuditEvent[]): string {
  const header = [
    'at',
    'action',
    'actor',
    'user',
    'address',
    'object',
    'requestId',
    'changes',
    'sequence',
    'hash',
  ]
  const rows = events.map(({ at, action, actor, address, object, requestId, changes, sequence, hash }) => [
    at,
    action,
    actor.id ?? actor.type,
    actor.userId ?? '',
    address ?? '',
    object.id,
    requestId ?? '',
    JSON.stringify(changes),
    String(sequence),
    hash,
  ])
  return [header, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('')
}

/** A table program runs what begins with one of these: in front of it stands an apostrophe, which makes it text. */
const cell = (text: string): string => `"${text.replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`

function save(text: string, name: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}
