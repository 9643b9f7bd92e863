import type { ConsoleKeyLimits } from '@latchkey/contract/schemas/console'
import type { ApiKey } from '@latchkey/contract/schemas/keys'
import { useQuery } from '@tanstack/react-query'
import { request } from '../../api/request.ts'
import { When } from '../../ui/when.tsx'
import { summaryOfLimits, windowWord } from './limit-words.ts'

/** While somebody looks, in milliseconds. */
const LOOK_AGAIN_MS = 10_000

type State = ConsoleKeyLimits['limits'][number]

/** What a key may be used at most, and what is left of it now. */
export function LimitsLeft({ apiKey }: { readonly apiKey: ApiKey }) {
  const { id, rateLimits, quota, lastUsedAt, updatedAt } = apiKey
  const hasLimits = rateLimits !== null || quota !== null
  const { data } = useQuery({
    queryKey: ['keys', 'limits', id, updatedAt, lastUsedAt],
    enabled: hasLimits,
    staleTime: 0,
    refetchInterval: LOOK_AGAIN_MS,
    queryFn: async ({ signal }) =>
      (await request<ConsoleKeyLimits>('GET', `/console/key-limits/${id}`, { signal })).body,
  })
  return (
    <>
      {summaryOfLimits(rateLimits, quota)}
      {data === undefined ? null : (
        <ul className="lk-plain" aria-label="What is left of the limits">
          {data.limits.map((state) => (
            <Left key={state.name} state={state} />
          ))}
        </ul>
      )}
    </>
  )
}

function Left({ state }: { readonly state: State }) {
  const { name, max, span, remaining, resetAt } = state
  const within = typeof span === 'number' ? `within ${windowWord(span)}` : `this ${span}`
  return (
    <li>
      <span className="lk-mono">{name}</span>: {remaining.toLocaleString()} of {max.toLocaleString()} left{' '}
      {within}
      {typeof span === 'number' ? null : (
        <span className="lk-dim">
          , all again <When at={resetAt} />
        </span>
      )}
      <meter className="lk-meter" min={0} max={max} value={remaining} aria-label={`Left of ${name}`} />
    </li>
  )
}
