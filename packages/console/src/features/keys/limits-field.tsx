import type { RateLimits, UseQuota } from '@latchkey/contract/schemas/limits'
import { Button, NativeSelect, TextInput } from '@mantine/core'
import { faultOf } from '../../api/api-error.ts'
import { PERIODS, summaryOfLimits, WINDOWS, windowWord } from './limit-words.ts'

type LimitsFieldProps = {
  readonly rateLimits: RateLimits | null
  readonly quota: UseQuota | null
  readonly onChange: (changed: {
    readonly rateLimits?: RateLimits | null
    readonly quota?: UseQuota | null
  }) => void
  readonly error: unknown
}

/** As many as a key may have. */
const RATES_MAX = 4

/** How often a key may be used. Folded away: most keys have none. */
export function LimitsField({ rateLimits, quota, onChange, error }: LimitsFieldProps) {
  const rates = rateLimits ?? []
  const setRates = (next: RateLimits) => onChange({ rateLimits: next.length === 0 ? null : next })
  const add = () => {
    const free = WINDOWS.find(({ seconds }) => rates.every(({ windowSeconds }) => windowSeconds !== seconds))
    const { word, seconds } = free ?? WINDOWS[0]
    setRates([...rates, { name: freeName(`per-${word}`, rates), limit: 100, windowSeconds: seconds }])
  }
  return (
    <details
      className="lk-more"
      open={faultOf(error, 'rateLimits') !== undefined || faultOf(error, 'quota') !== undefined || undefined}
    >
      <summary>Limits: {summaryOfLimits(rateLimits, quota)}</summary>
      <div className="lk-stack">
        {rates.map((rate, index) => (
          <RateRow
            // biome-ignore lint/suspicious/noArrayIndexKey: a name is typed letter by letter, and a row must not lose the focus meanwhile
            key={index}
            rate={rate}
            faultOf={(field) => faultOf(error, `rateLimits/${index}/${field}`)}
            onChange={(changed) => setRates(rates.with(index, { ...rate, ...changed }))}
            onRemove={() => setRates(rates.toSpliced(index, 1))}
          />
        ))}
        <FaultOfList error={error} rates={rates} />
        <QuotaRow quota={quota} onChange={(next) => onChange({ quota: next })} error={error} />
        {rates.length < RATES_MAX ? (
          <div>
            <Button variant="default" onClick={add}>
              Add a rate limit
            </Button>
          </div>
        ) : null}
      </div>
    </details>
  )
}

function freeName(wanted: string, rates: RateLimits): string {
  const isTaken = (name: string) => rates.some((rate) => rate.name === name)
  let name = wanted
  for (let count = 2; isTaken(name); count += 1) name = `${wanted}-${count}`
  return name
}

type Rate = RateLimits[number]

const FIELDS = ['limit', 'windowSeconds', 'name'] as const

/** What is wrong with the list as a whole; what is wrong with one field of it stands beside that. */
function FaultOfList({ error, rates }: { readonly error: unknown; readonly rates: RateLimits }) {
  const fault = faultOf(error, 'rateLimits')
  const isBeside = rates.some((_, index) =>
    FIELDS.some((field) => faultOf(error, `rateLimits/${index}/${field}`) !== undefined),
  )
  return fault === undefined || isBeside ? null : <p className="lk-fault">{fault}</p>
}

type RateRowProps = {
  readonly rate: Rate
  readonly faultOf: (field: (typeof FIELDS)[number]) => string | undefined
  readonly onChange: (changed: Partial<Rate>) => void
  readonly onRemove: () => void
}

function RateRow({ rate: { name, limit, windowSeconds }, faultOf: fault, onChange, onRemove }: RateRowProps) {
  const isOther = WINDOWS.every(({ seconds }) => seconds !== windowSeconds)
  return (
    <div className="lk-row-end">
      <TextInput
        label="Uses"
        type="number"
        min={1}
        value={limit === 0 ? '' : String(limit)}
        onChange={(event) => onChange({ limit: Number(event.currentTarget.value) })}
        error={fault('limit')}
      />
      <NativeSelect
        label="Within"
        value={String(windowSeconds)}
        onChange={(event) => onChange({ windowSeconds: Number(event.currentTarget.value) })}
        error={fault('windowSeconds')}
        data={[
          ...WINDOWS.map(({ word, seconds }) => ({ value: String(seconds), label: `a ${word}` })),
          ...(isOther ? [{ value: String(windowSeconds), label: windowWord(windowSeconds) }] : []),
        ]}
      />
      <TextInput
        label="Name"
        maxLength={32}
        value={name}
        onChange={(event) => onChange({ name: event.currentTarget.value })}
        error={fault('name')}
      />
      <Button variant="default" onClick={onRemove} aria-label={`Remove the limit ${name}`}>
        Remove
      </Button>
    </div>
  )
}

type QuotaRowProps = {
  readonly quota: UseQuota | null
  readonly onChange: (quota: UseQuota | null) => void
  readonly error: unknown
}

function QuotaRow({ quota, onChange, error }: QuotaRowProps) {
  return (
    <div className="lk-row-end">
      <NativeSelect
        label="Quota"
        description="Of the calendar, in UTC"
        value={quota?.period ?? ''}
        onChange={({ currentTarget: { value } }) => {
          const period = PERIODS.find((known) => known === value)
          onChange(period === undefined ? null : { limit: quota?.limit ?? 10_000, period })
        }}
        data={[
          { value: '', label: 'None' },
          ...PERIODS.map((period) => ({ value: period, label: `A ${period}` })),
        ]}
        error={faultOf(error, 'quota/period')}
      />
      {quota === null ? null : (
        <TextInput
          label="Uses in it"
          type="number"
          min={1}
          value={quota.limit === 0 ? '' : String(quota.limit)}
          onChange={(event) => onChange({ ...quota, limit: Number(event.currentTarget.value) })}
          error={faultOf(error, 'quota/limit') ?? (isOfPeriod(error) ? undefined : faultOf(error, 'quota'))}
        />
      )}
    </div>
  )
}

const isOfPeriod = (error: unknown): boolean => faultOf(error, 'quota/period') !== undefined
