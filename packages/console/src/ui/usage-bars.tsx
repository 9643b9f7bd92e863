import { countGroups, type DayOfUse, OUTCOME_GROUPS, type OutcomeGroup } from './outcome-groups.ts'

type UsageBarsProps = { readonly days: readonly DayOfUse[]; readonly label: string }

const HEIGHT = 96
/** A day's share of the width that its bar has. */
const BAR = 0.8

/** A bar a day, stacked by outcome. Each outcome has a texture of its own, not only a colour. */
export function UsageBars({ days, label }: UsageBarsProps) {
  const sums = days.map((day) => countGroups([day]))
  const most = Math.max(1, ...sums.map((each) => Object.values(each).reduce((total, count) => total + count)))
  // One pixel at least, so that a single refusal shows beside a million uses: there is room for one of each.
  const height = (count: number) =>
    count === 0 ? 0 : Math.max(1, (count / most) * (HEIGHT - OUTCOME_GROUPS.length))
  // Percents across and pixels up: no texture is stretched.
  const across = (share: number) => `${(share / days.length) * 100}%`
  return (
    <svg className="lk-bars" role="img" aria-label={label}>
      <defs>
        {OUTCOME_GROUPS.map(({ id }) => (
          <Texture key={id} group={id} />
        ))}
      </defs>
      {days.map((day, index) => {
        let top = HEIGHT
        return (
          <g key={day.date}>
            <title>{`${day.date}: ${wordsOf(sums[index]!)}`}</title>
            <rect className="lk-bar-day" x={across(index)} width={across(1)} y={0} height={HEIGHT} />
            {OUTCOME_GROUPS.map(({ id }) => {
              const tall = height(sums[index]![id])
              top -= tall
              const place = { x: across(index + (1 - BAR) / 2), width: across(BAR), y: top, height: tall }
              return tall === 0 ? null : <rect key={id} {...place} fill={fillOf(id)} />
            })}
          </g>
        )
      })}
    </svg>
  )
}

/** What a bar of this outcome looks like, beside its word. */
export function Swatch({ group }: { readonly group: OutcomeGroup }) {
  return (
    <svg className="lk-swatch" aria-hidden="true">
      <rect width="100%" height="100%" fill={fillOf(group)} />
    </svg>
  )
}

/** The outcomes that there were, each with its count. */
export const wordsOf = (sums: Readonly<Record<OutcomeGroup, number>>): string =>
  OUTCOME_GROUPS.filter(({ id }) => id === 'accepted' || sums[id] > 0)
    .map(({ id, word }) => `${sums[id].toLocaleString()} ${word}`)
    .join(', ')

/** What is cut out of a tile of 6 by 6 pixels. */
const CUTS: Readonly<Record<OutcomeGroup, string>> = {
  accepted: '',
  address: 'M-1 7L7 -1M-1 1L1 -1M5 7L7 5',
  expired: 'M0 1.5H6M0 4.5H6',
  limited: 'M1.5 0V6M4.5 0V6',
  other: 'M1 3H5M3 1V5',
}

/** There is one chart on a page, so its names are taken once. */
const fillOf = (group: OutcomeGroup): string => `url(#lk-texture-${group})`

function Texture({ group }: { readonly group: OutcomeGroup }) {
  return (
    <pattern id={`lk-texture-${group}`} width={6} height={6} patternUnits="userSpaceOnUse">
      <rect className={`lk-ink-${group}`} width={6} height={6} />
      <path className="lk-cut" d={CUTS[group]} />
    </pattern>
  )
}
