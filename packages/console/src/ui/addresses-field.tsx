import { Button, TextInput } from '@mantine/core'
import { useId, useState } from 'react'
import { entriesIn, isAnyAddress, judgeEntry } from '../api/addresses.ts'
import { whenReleased } from './when-released.ts'

type AddressesFieldProps = {
  readonly entries: readonly string[]
  readonly onChange: (entries: readonly string[]) => void
  /** The address from where whoever is signed in is seen. */
  readonly ownAddress: string | null
  readonly error?: string | undefined
}

/** What stands between entries. Seen in the text and not in the keys pressed: a phone tells of none. */
const SEPARATOR = /[\s,;]/

/** Addresses and blocks as chips; a pasted list becomes several. Each is judged by the service's own code at once. */
export function AddressesField({ entries, onChange, ownAddress, error }: AddressesFieldProps) {
  const [typed, setTyped] = useState('')
  const hintId = useId()
  const add = (text: string) => {
    const canonical = entriesIn(text).map((piece) => {
      const judged = judgeEntry(piece)
      return 'canonical' in judged ? judged.canonical : piece
    })
    if (canonical.length > 0) onChange([...new Set([...entries, ...canonical])])
    setTyped('')
  }
  const problem = entries.map(judgeEntry).find((judged) => 'problem' in judged)?.problem
  return (
    <div className="lk-stack">
      <div className="lk-row-end">
        <TextInput
          label="Allowed addresses"
          description="Empty: from anywhere. An address or a block, such as 192.0.2.7 or 10.0.0.0/8; paste several at once."
          placeholder="192.0.2.7, 10.0.0.0/8"
          value={typed}
          style={{ flex: '1 1 260px' }}
          onChange={({ currentTarget: { value } }) => (SEPARATOR.test(value) ? add(value) : setTyped(value))}
          onBlur={() => whenReleased(() => add(typed))}
          onPaste={(event) => {
            const text = event.clipboardData.getData('text')
            if (!SEPARATOR.test(text.trim())) return
            // A field of one line would run the lines of a list together.
            event.preventDefault()
            add(`${typed}${text}`)
          }}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || typed.trim() === '') return
            event.preventDefault()
            add(typed)
          }}
          error={problem ?? error}
          aria-describedby={hintId}
        />
        {ownAddress === null || entries.includes(ownAddress) ? null : (
          <Button variant="default" onClick={() => add(ownAddress)}>
            Add my address ({ownAddress})
          </Button>
        )}
      </div>
      <Chips entries={entries} onRemove={(entry) => onChange(entries.filter((other) => other !== entry))} />
      <span id={hintId} className="lk-hidden">
        {entries.length === 0 ? 'No restriction.' : `${entries.length} entries.`}
      </span>
    </div>
  )
}

type ChipsProps = { readonly entries: readonly string[]; readonly onRemove: (entry: string) => void }

function Chips({ entries, onRemove }: ChipsProps) {
  if (entries.length === 0) return null
  return (
    <ul className="lk-chips" aria-label="Allowed addresses">
      {entries.map((entry) => (
        <li key={entry} className={`lk-chip${'problem' in judgeEntry(entry) ? ' lk-chip-bad' : ''}`}>
          {entry}
          {isAnyAddress(entry) ? ' (any address)' : ''}
          <button type="button" aria-label={`Remove ${entry}`} onClick={() => onRemove(entry)}>
            ×
          </button>
        </li>
      ))}
    </ul>
  )
}
