import { TextInput } from '@mantine/core'
import { type RefObject, useEffect, useRef, useState } from 'react'
import { INSTEAD_OF_SECRET, isWholeSecret } from '../api/whole-secret.ts'

/** Milliseconds without a key pressed after which what was typed is looked for. */
const PAUSE_MS = 250

type SearchFieldProps = {
  /** What is looked for now. */
  readonly value: string
  readonly placeholder: string
  readonly onChange: (text: string) => void
  readonly inputRef: RefObject<HTMLInputElement | null>
  readonly fault: string | undefined
}

/** Looks while somebody types; for the whole text of a key never. */
export function SearchField({ value, placeholder, onChange, inputRef, fault }: SearchFieldProps) {
  const [typed, setTyped] = useState(value)
  const asked = useRef(value)
  useEffect(() => {
    // What comes back as it was asked for: the next letter may be typed by then, and stays.
    if (value === asked.current) return
    asked.current = value
    setTyped(value)
  }, [value])
  useEffect(() => {
    if (typed === value || isWholeSecret(typed)) return
    const timer = setTimeout(() => {
      asked.current = typed
      onChange(typed)
    }, PAUSE_MS)
    return () => clearTimeout(timer)
  })
  return (
    <TextInput
      ref={inputRef}
      className="lk-search"
      label="Search"
      type="search"
      placeholder={placeholder}
      maxLength={100}
      value={typed}
      error={isWholeSecret(typed) ? INSTEAD_OF_SECRET : fault}
      onChange={(event) => setTyped(event.currentTarget.value)}
    />
  )
}
