import type { RateLimits, UseQuota } from '@latchkey/contract/schemas/limits'
import { Button, NativeSelect, TextInput } from '@mantine/core'
import { PERIODS, summaryOfLimits, WINDOWS, windowWord } from './limit-words.ts'

type LimitsFieldProps = {
  readonly rateLimits: RateLimits | null
  readonly quota: UseQuota | null
  readonly onChange: (changed: {
    readonly rateLimits?: RateLimits | null
    readonly quota?: UseQuota | null
  }) => void
  readonly errors: { readonly rateLimits: string | undefined; readonly quota: string | undefined }
}

/** As many as a key may have. */
const RATES_MAX = 4

/** How often a key may be used. Folded away: most keys have none. */
export function LimitsField({ rateLimits, quota, onChange, errors }: LimitsFieldProps) {
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
      open={errors.rateLimits !== undefined || errors.quota !== undefined || undefined}
    >
      <summary>Limits: {summaryOfLimits(rateLimits, quota)}</summary>
      <div className="lk-stack">
        {rates.map((rate, index) => (
          <RateRow
            // biome-ignore lint/suspicious/noArrayIndexKey: a name is typed letter by letter, and a row must not lose the focus meanwhile
            key={index}
            rate={rate}
            onChange={(changed) => setRates(rates.with(index, { ...rate, ...changed }))}
            onRemove={() => setRates(rates.toSpliced(index, 1))}
          />
        ))}
        {errors.rateLimits === undefined ? null : <p className="lk-fault">{errors.rateLimits}</p>}
        <QuotaRow quota={quota} onChange={(next) => onChange({ quota: next })} error={errors.quota} />
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
type RateRowProps = {
  readonly rate: Rate
  readonly onChange: (changed: Partial<Rate>) => void
  readonly onRemove: () => void
}

function RateRow({ rate: { name, limit, windowSeconds }, onChange, onRemove }: RateRowProps) {
  const isOther = WINDOWS.every(({ seconds }) => seconds !== windowSeconds)
  return (
    <div className="lk-row-end">
      <TextInput
        label="Uses"
        type="number"
        min={1}
        value={limit === 0 ? '' : String(limit)}
        onChange={(event) => onChange({ limit: Number(event.currentTarget.value) })}
      />
      <NativeSelect
        label="Within"
        value={String(windowSeconds)}
        onChange={(event) => onChange({ windowSeconds: Number(event.currentTarget.value) })}
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
  readonly error: string | undefined
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
        error={error}
      />
      {quota === null ? null : (
        <TextInput
          label="Uses in it"
          type="number"
          min={1}
          value={quota.limit === 0 ? '' : String(quota.limit)}
          onChange={(event) => onChange({ ...quota, limit: Number(event.currentTarget.value) })}
        />
      )}
    </div>
  )
}
