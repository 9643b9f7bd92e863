import { Button } from '@mantine/core'
import { useRef } from 'react'
import { faultOf } from '../api/api-error.ts'
import { SearchField } from './search-field.tsx'
import { useHotkey } from './use-hotkey.ts'

type ListSearchProps = {
  readonly placeholder: string
  /** What the address of the page says. */
  readonly search: string | undefined
  /** Empty: for nothing more. */
  readonly onFind: (text: string) => void
  readonly error: unknown
}

/** Looks through a list that has no other filter. */
export function ListSearch({ placeholder, search = '', onFind, error }: ListSearchProps) {
  const field = useRef<HTMLInputElement>(null)
  useHotkey('/', () => field.current?.focus())
  return (
    <search className="lk-filters">
      <SearchField
        placeholder={placeholder}
        value={search}
        onChange={onFind}
        inputRef={field}
        fault={faultOf(error, 'search')}
      />
    </search>
  )
}

type NoneFoundProps = { readonly noun: 'user' | 'company'; readonly onClear: () => void }

/** It finds nothing; and the way back to the whole list. */
export function NoneFound({ noun, onClear }: NoneFoundProps) {
  return (
    <div className="lk-table-wrap lk-empty">
      <h2>No {noun} fits this search</h2>
      <Button variant="default" onClick={onClear}>
        Clear the search
      </Button>
    </div>
  )
}
