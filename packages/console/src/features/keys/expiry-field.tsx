import { NativeSelect, TextInput } from '@mantine/core'
import { useState } from 'react'
import { exactly } from '../../ui/when.tsx'
import { dayOf, endOfDay, inDays } from './key-fields.ts'

type ExpiryFieldProps = {
  readonly value: string | null
  readonly onChange: (value: string | null) => void
  readonly error?: string | undefined
}

/** When a key stops by itself. */
export function ExpiryField({ value, onChange, error }: ExpiryFieldProps) {
  const [kind, setKind] = useState(value === null ? 'never' : 'date')
  const choose = (next: string) => {
    setKind(next)
    if (next === 'never') onChange(null)
    else onChange(next === 'date' ? (value ?? inDays(30)) : inDays(Number(next)))
  }
  return (
    <div className="lk-row-end">
      <NativeSelect
        label="Expires"
        description={value === null ? 'It works until it is deleted.' : `It stops on ${exactly(value)}.`}
        value={kind}
        style={{ flex: '1 1 200px' }}
        onChange={(event) => choose(event.currentTarget.value)}
        error={error}
        data={[
          { value: '30', label: 'In 30 days' },
          { value: '90', label: 'In 90 days' },
          { value: '365', label: 'In a year' },
          { value: 'never', label: 'Never' },
          { value: 'date', label: 'On a day…' },
        ]}
      />
      {kind === 'date' && value !== null ? (
        <TextInput
          type="date"
          label="Last day"
          value={dayOf(value)}
          onChange={(event) => onChange(endOfDay(event.currentTarget.value) ?? value)}
        />
      ) : null}
    </div>
  )
}
