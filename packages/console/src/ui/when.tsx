type WhenProps = { readonly at: string | null; readonly never?: string }

/** A moment as people say it; the exact one, here and in UTC, shows on hover, and is read out. */
export function When({ at, never = 'Never' }: WhenProps) {
  if (at === null) return <span className="lk-dim">{never}</span>
  return (
    <time dateTime={at} title={`${exactly(at)} (${at} UTC)`}>
      {relatively(at, Date.now())}
    </time>
  )
}

/** In the viewer's zone, with the moment in UTC for whoever compares with a log. */
export function Exactly({ at, never = 'Never' }: WhenProps) {
  if (at === null) return <span className="lk-dim">{never}</span>
  return (
    <time dateTime={at} title={`${at} UTC`}>
      {exactly(at)} <span className="lk-dim">({relatively(at, Date.now())})</span>
    </time>
  )
}

/** Made once: there are hundreds of moments on a page. */
const moments = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })

export const exactly = (at: string): string => moments.format(new Date(at))

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 365 * 86_400_000],
  ['month', 30 * 86_400_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
]
const words = new Intl.RelativeTimeFormat('en', { numeric: 'always' })

export function relatively(at: string, nowMs: number): string {
  const ms = new Date(at).getTime() - nowMs
  for (const [unit, size] of UNITS) {
    if (Math.abs(ms) >= size) return words.format(Math.trunc(ms / size), unit)
  }
  return ms > 0 ? 'in under a minute' : 'just now'
}
