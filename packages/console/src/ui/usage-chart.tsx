import { wordOf } from './outcome-word.ts'

type Counts = Readonly<Partial<Record<string, number>>>

/** One day of use, as the API counts it. */
export type DayOfUse = { readonly date: string; readonly counts: Counts }

type UsageChartProps = {
  readonly from: string
  readonly to: string
  /** Days without use may be left out. */
  readonly days: readonly DayOfUse[]
}

const DAY_MS = 86_400_000
const HEIGHT = 96
const BAR = 10
const GAP = 2

/** How often, by day: accepted below, refused on top. The same stands in a table behind it. */
export function UsageChart({ from, to, days }: UsageChartProps) {
  const all = everyDay(from, to, days)
  const accepted = sum(all.map(acceptedOf))
  const refused = sum(all.map(refusedOf))
  return (
    <figure className="lk-chart">
      <Bars
        days={all}
        label={`${numbers(accepted)} accepted and ${numbers(refused)} refused, ${from} to ${to}`}
      />
      <figcaption className="lk-row lk-small">
        <span>
          <span className="lk-swatch lk-swatch-good" aria-hidden="true" /> {numbers(accepted)} accepted
        </span>
        <span>
          <span className="lk-swatch lk-swatch-bad" aria-hidden="true" /> {numbers(refused)} refused
        </span>
        <span className="lk-dim">
          {from} to {to}, days of UTC
        </span>
      </figcaption>
      <DayTable days={all.filter(({ counts }) => Object.keys(counts).length > 0).reverse()} />
    </figure>
  )
}

function Bars({ days, label }: { readonly days: readonly DayOfUse[]; readonly label: string }) {
  const most = Math.max(1, ...days.map((day) => acceptedOf(day) + refusedOf(day)))
  const height = (count: number) => (count === 0 ? 0 : Math.max(1, (count / most) * HEIGHT))
  return (
    <svg
      className="lk-bars"
      viewBox={`0 0 ${days.length * BAR} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {days.map((day, index) => {
        const good = height(acceptedOf(day))
        const bad = height(refusedOf(day))
        const place = { x: index * BAR + GAP / 2, width: BAR - GAP }
        return (
          <g key={day.date}>
            <title>{`${day.date}: ${acceptedOf(day)} accepted, ${refusedOf(day)} refused`}</title>
            <rect className="lk-bar-day" x={index * BAR} width={BAR} y={0} height={HEIGHT} />
            <rect className="lk-bar-good" {...place} y={HEIGHT - good} height={good} />
            <rect className="lk-bar-bad" {...place} y={Math.max(0, HEIGHT - good - bad)} height={bad} />
          </g>
        )
      })}
    </svg>
  )
}

function DayTable({ days }: { readonly days: readonly DayOfUse[] }) {
  if (days.length === 0) return <p className="lk-dim">No use in these days.</p>
  return (
    <details className="lk-more">
      <summary>As a table</summary>
      <table className="lk-table">
        <caption className="lk-hidden">Use by day, latest first</caption>
        <thead>
          <tr>
            <th scope="col">Day</th>
            <th scope="col">Accepted</th>
            <th scope="col">Refused</th>
            <th scope="col">Why</th>
          </tr>
        </thead>
        <tbody>
          {days.map((day) => (
            <tr key={day.date}>
              <td data-label="Day">{day.date}</td>
              <td data-label="Accepted">{numbers(acceptedOf(day))}</td>
              <td data-label="Refused">{numbers(refusedOf(day))}</td>
              <td data-label="Why">{reasonsOf(day)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  )
}

function everyDay(from: string, to: string, days: readonly DayOfUse[]): readonly DayOfUse[] {
  const known = new Map(days.map((day) => [day.date, day]))
  const first = Date.parse(`${from}T00:00:00Z`)
  const count = Math.round((Date.parse(`${to}T00:00:00Z`) - first) / DAY_MS) + 1
  return Array.from({ length: count }, (_, index) => {
    const date = new Date(first + index * DAY_MS).toISOString().slice(0, 10)
    return known.get(date) ?? { date, counts: {} }
  })
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
const acceptedOf = ({ counts }: DayOfUse): number => counts.VALID ?? 0
const refusedOf = ({ counts }: DayOfUse): number =>
  sum(Object.values(counts).map((count) => count ?? 0)) - (counts.VALID ?? 0)
const numbers = (value: number): string => value.toLocaleString()

const reasonsOf = ({ counts }: DayOfUse): string =>
  Object.entries(counts)
    .filter(([code]) => code !== 'VALID')
    .map(([code, count]) => `${wordOf(code)}: ${numbers(count ?? 0)}`)
    .join(', ')
