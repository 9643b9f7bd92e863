import { Button, NativeSelect, TextInput } from '@mantine/core'
import { type RefObject, useEffect, useState } from 'react'
import { faultOf } from '../../api/api-error.ts'
import { isFiltered, type KeyFilters } from '../../api/key-filters.ts'
import { useNameOf, useUsers } from '../../api/queries.ts'
import { INSTEAD_OF_SECRET, isWholeSecret } from '../../api/whole-secret.ts'
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

/** Milliseconds without a key pressed after which what was typed is looked for. */
const PAUSE_MS = 250

/** What the list is narrowed to; the address of the page says the same. */
export function FilterBar({ filters, onChange, searchRef, error }: FilterBarProps) {
  const users = useUsers()
  const nameOf = useNameOf()
  const user = filters.user ?? ''
  const choices = [
    { value: '', label: 'Everybody' },
    ...users.map(({ id, name }) => ({ value: id, label: name })),
  ]
  const change = (name: string, value: string) =>
    onChange({ ...filters, after: undefined, before: undefined, [name]: value === '' ? undefined : value })
  return (
    <search className="lk-filters">
      <SearchField
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
          data={withChosen(choices, user, nameOf(user))}
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

type SearchFieldProps = {
  readonly value: string
  readonly onChange: (text: string) => void
  readonly inputRef: RefObject<HTMLInputElement | null>
  readonly fault: string | undefined
}

function SearchField({ value, onChange, inputRef, fault }: SearchFieldProps) {
  const [typed, setTyped] = useState(value)
  useEffect(() => setTyped(value), [value])
  useEffect(() => {
    if (typed === value || isWholeSecret(typed)) return
    const timer = setTimeout(() => onChange(typed), PAUSE_MS)
    return () => clearTimeout(timer)
  })
  return (
    <TextInput
      ref={inputRef}
      className="lk-search"
      label="Search"
      type="search"
      placeholder="Name, id, last four"
      maxLength={100}
      value={typed}
      error={isWholeSecret(typed) ? INSTEAD_OF_SECRET : fault}
      onChange={(event) => setTyped(event.currentTarget.value)}
    />
  )
}
