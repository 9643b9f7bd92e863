import { Button, NativeSelect } from '@mantine/core'
import type { RefObject } from 'react'
import { faultOf } from '../../api/api-error.ts'
import { isFiltered, type KeyFilters } from '../../api/key-filters.ts'
import { useName, useUsers } from '../../api/queries.ts'
import { SearchField } from '../../ui/search-field.tsx'
import { withChosen } from '../../ui/with-chosen.ts'

type FilterBarProps = {
  readonly filters: KeyFilters
  readonly onChange: (filters: KeyFilters) => void
  readonly searchRef: RefObject<HTMLInputElement | null>
  readonly error: unknown
}

const CHOICES = {
  status: [
    ['', 'Active'],
    ['inactive', 'Disabled or deleted'],
    ['all', 'All'],
  ],
  restricted: [
    ['', 'Any'],
    ['yes', 'Restricted'],
    ['no', 'Not restricted'],
  ],
  unused: [
    ['', 'Used or not'],
    ['30', 'Unused 30 days'],
    ['90', 'Unused 90 days'],
    ['365', 'Unused a year'],
  ],
  expiring: [
    ['', 'Any expiry'],
    ['7', 'Within 7 days'],
    ['30', 'Within 30 days'],
  ],
} as const
const LABELS = { status: 'Status', restricted: 'Addresses', unused: 'Last used', expiring: 'Expiry' } as const

/** What the list is narrowed to; the address of the page says the same. */
export function FilterBar({ filters, onChange, searchRef, error }: FilterBarProps) {
  const users = useUsers()
  const user = filters.user ?? ''
  const chosen = useName(user)
  const choices = [
    { value: '', label: 'Everybody' },
    ...users.map(({ id, name }) => ({ value: id, label: name })),
  ]
  const change = (name: string, value: string) =>
    onChange({ ...filters, after: undefined, before: undefined, [name]: value === '' ? undefined : value })
  return (
    <search className="lk-filters">
      <SearchField
        placeholder="Name, id, last four"
        value={filters.search ?? ''}
        onChange={(text) => change('search', text)}
        inputRef={searchRef}
        fault={faultOf(error, 'search')}
      />
      {(Object.keys(CHOICES) as (keyof typeof CHOICES)[]).map((name) => (
        <NativeSelect
          key={name}
          label={LABELS[name]}
          value={filters[name] ?? ''}
          onChange={(event) => change(name, event.currentTarget.value)}
          data={CHOICES[name].map(([value, label]) => ({ value, label }))}
        />
      ))}
      {users.length === 0 ? null : (
        <NativeSelect
          label="User"
          value={user}
          onChange={(event) => change('user', event.currentTarget.value)}
          error={faultOf(error, 'userId')}
          data={withChosen(choices, user, chosen)}
        />
      )}
      {isFiltered(filters) ? (
        <Button variant="subtle" onClick={() => onChange({})}>
          Clear filters
        </Button>
      ) : null}
    </search>
  )
}
