import { Checkbox, NativeSelect, TextInput } from '@mantine/core'
import { useState } from 'react'
import { isApplications, reservedOf } from '../api/permissions.ts'
import { whenReleased } from './when-released.ts'

/** null: all that the user may. */
export type Chosen = readonly string[] | null

type PermissionsFieldProps = {
  readonly value: Chosen
  readonly onChange: (value: Chosen) => void
  /** What whoever is signed in may: it can give no more. */
  readonly own: readonly string[]
  readonly error?: string | undefined
}

type Kind = 'all' | 'read' | 'custom'

const isReading = (permission: string) => /:(?:list|read)$/.test(permission)

/** What a key may do, from all to a list, with the whole said in plain words. */
export function PermissionsField({ value, onChange, own, error }: PermissionsFieldProps) {
  const readOnly = reservedOf(own).filter(
    (permission) => isReading(permission) && permission.startsWith('keys:'),
  )
  const isReadOnly = value !== null && [...value].sort().join() === [...readOnly].sort().join()
  // Chosen once: whoever ticks just what read-only means goes on ticking.
  const [kind, setKind] = useState<Kind>(value === null ? 'all' : isReadOnly ? 'read' : 'custom')
  const choose = (next: Kind) => {
    setKind(next)
    if (next === 'all') onChange(null)
    else onChange(next === 'read' ? readOnly : readOnly.slice(0, 1))
  }
  return (
    <div className="lk-stack">
      <NativeSelect
        label="Permissions"
        description={summaryOf(value)}
        value={kind}
        onChange={(event) => choose(event.currentTarget.value as Kind)}
        data={[
          { value: 'all', label: 'All that the user may' },
          { value: 'read', label: 'Read-only' },
          { value: 'custom', label: 'Custom' },
        ]}
        error={error}
      />
      {kind === 'custom' ? <CustomPermissions value={value ?? []} onChange={onChange} own={own} /> : null}
    </div>
  )
}

type CustomProps = {
  readonly value: readonly string[]
  readonly onChange: (value: Chosen) => void
  readonly own: readonly string[]
}

function CustomPermissions({ value, onChange, own }: CustomProps) {
  const reserved = reservedOf(own)
  const others = value.filter(isApplications)
  const toggle = (permission: string, isOn: boolean) =>
    onChange(isOn ? [...value, permission] : value.filter((other) => other !== permission))
  return (
    <fieldset className="lk-panel">
      <legend>May</legend>
      <div className="lk-row">
        {reserved.map((permission) => (
          <Checkbox
            key={permission}
            label={permission}
            checked={value.includes(permission)}
            onChange={(event) => toggle(permission, event.currentTarget.checked)}
          />
        ))}
      </div>
      <TextInput
        mt="md"
        label="Of your application"
        description="Your own names as area:action, separated by commas, such as orders:read, invoices:*"
        defaultValue={others.join(', ')}
        onBlur={(event) => {
          const named = event.currentTarget.value.split(/[\s,]+/).filter((name) => name !== '')
          whenReleased(() =>
            onChange([...value.filter((permission) => !isApplications(permission)), ...named]),
          )
        }}
      />
    </fieldset>
  )
}

export function summaryOf(value: Chosen): string {
  if (value === null) return 'It may do all that its user may, also what the user may later.'
  if (value.length === 0) return 'It may do nothing but read and delete itself.'
  return `It may: ${value.join(', ')}. Nothing else.`
}
