/** Numbers of each day, the oldest first. */
type SparklineProps = { readonly accepted: readonly number[]; readonly refused: readonly number[] }

const HEIGHT = 20
const BAR = 6

/** Two weeks of use in a row of a list: accepted below, refused on top. The page of the key has the numbers. */
export function Sparkline({ accepted, refused }: SparklineProps) {
  const most = Math.max(1, ...accepted.map((count, day) => count + (refused[day] ?? 0)))
  const height = (count: number) => (count === 0 ? 0 : Math.max(2, (count / most) * HEIGHT))
  return (
    <svg
      className="lk-sparkline"
      viewBox={`0 0 ${accepted.length * BAR} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`${sum(accepted)} accepted and ${sum(refused)} refused in ${accepted.length} days`}
    >
      <title>{`${sum(accepted)} accepted and ${sum(refused)} refused in ${accepted.length} days`}</title>
      {accepted.map((count, day) => {
        const [good, bad] = [height(count), height(refused[day] ?? 0)]
        const place = { x: day * BAR + 1, width: BAR - 2 }
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: a day is its place
          <g key={day}>
            <rect className="lk-bar-good" {...place} y={HEIGHT - good} height={good} />
            <rect className="lk-bar-bad" {...place} y={Math.max(0, HEIGHT - good - bad)} height={bad} />
          </g>
        )
      })}
    </svg>
  )
}

const sum = (counts: readonly number[]): string =>
  counts.reduce((total, count) => total + count, 0).toLocaleString()
