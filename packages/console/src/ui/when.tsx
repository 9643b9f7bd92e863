import { Tip } from './tip.tsx'

type WhenProps = { readonly at: string | null; readonly never?: string }

/** A moment as people say it. Whoever asks is told the exact one, here and in UTC. */
export function When({ at, never = 'Never' }: WhenProps) {
  if (at === null) return <span className="lk-dim">{never}</span>
  const said = relatively(at, Date.now())
  return (
    <Tip name={`${said}, ${exactly(at)}`} lines={[exactly(at), inUtc(at)]}>
      <time dateTime={at}>{said}</time>
    </Tip>
  )
}

/** In the viewer's zone, with the moment in UTC for whoever compares with a log. */
export function Exactly({ at, never = 'Never' }: WhenProps) {
  if (at === null) return <span className="lk-dim">{never}</span>
  return (
    <Tip lines={[inUtc(at)]}>
      <time dateTime={at}>
        {exactly(at)} <span className="lk-dim">({relatively(at, Date.now())})</span>
      </time>
    </Tip>
  )
}

/** Made once: there are hundreds of moments on a page. */
const moments = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })

export const exactly = (at: string): string => moments.format(new Date(at))

const inUtc = (at: string): string => `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 365 * 86_400_000],
  ['month', 30 * 86_400_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
]
const words = new Intl.RelativeTimeFormat('en', { numeric: 'always' })

function relatively(at: string, nowMs: number): string {
  const ms = new Date(at).getTime() - nowMs
  for (const [unit, size] of UNITS) {
    if (Math.abs(ms) >= size) return words.format(Math.trunc(ms / size), unit)
  }
  return ms > 0 ? 'in under a minute' : 'just now'
}
