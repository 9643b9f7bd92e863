import { countGroups, type DayOfUse, OUTCOME_GROUPS, refusedOf } from './outcome-groups.ts'
import { wordOf } from './outcome-word.ts'
import { Swatch, UsageBars, wordsOf } from './usage-bars.tsx'

type UsageChartProps = {
  readonly from: string
  readonly to: string
  /** Days without use may be left out. */
  readonly days: readonly DayOfUse[]
}

const DAY_MS = 86_400_000
/** How often, by day and by outcome: accepted below, refusals on top. The same stands in a table behind it. */
export function UsageChart({ from, to, days }: UsageChartProps) {
  const all = everyDay(from, to, days)
  const sums = countGroups(all)
  return (
    <figure className="lk-chart">
      <UsageBars days={all} label={`${wordsOf(sums)}, ${from} to ${to}`} />
      <figcaption className="lk-row lk-small">
        {OUTCOME_GROUPS.filter(({ id }) => id === 'accepted' || sums[id] > 0).map(({ id, word }) => (
          <span key={id}>
            <Swatch group={id} /> {numbers(sums[id])} {word}
          </span>
        ))}
        <span className="lk-dim">
          {from} to {to}, days of UTC
        </span>
      </figcaption>
      <DayTable days={all.filter(({ counts }) => Object.keys(counts).length > 0).reverse()} />
    </figure>
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

const acceptedOf = ({ counts }: DayOfUse): number => counts.VALID ?? 0
const numbers = (value: number): string => value.toLocaleString()

const reasonsOf = ({ counts }: DayOfUse): string =>
  Object.entries(counts)
    .filter(([code]) => code !== 'VALID')
    .map(([code, count]) => `${wordOf(code)}: ${numbers(count ?? 0)}`)
    .join(', ')
