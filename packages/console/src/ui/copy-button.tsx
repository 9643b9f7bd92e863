import { Button } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'

type CopyButtonProps = {
  readonly text: string
  readonly label?: string
  /** As a link in a line of text, instead of a button. */
  readonly isLink?: boolean
  /** What is selected for Ctrl-C where the browser lets nobody write to the clipboard. */
  readonly selects?: string
}

/** Long enough to be read, in milliseconds. */
const SHOWN_MS = 4_000

/** Copies, and says whether it did. */
export function CopyButton({ text, label = 'Copy', isLink = false, selects }: CopyButtonProps) {
  const [said, setSaid] = useState<string>()
  const timer = useRef<number>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  const copy = async () => {
    clearTimeout(timer.current)
    try {
      await navigator.clipboard.writeText(text)
      setSaid('Copied')
    } catch {
      setSaid(
        select(selects)
          ? 'Press Ctrl-C: the browser did not let us copy'
          : 'Copy it by hand: the browser did not let us',
      )
    }
    timer.current = window.setTimeout(() => setSaid(undefined), SHOWN_MS)
  }
  const shown = said ?? label
  return (
    <>
      {isLink ? (
        <button type="button" className="lk-link" onClick={copy}>
          {shown}
        </button>
      ) : (
        <Button variant="default" onClick={copy}>
          {shown}
        </Button>
      )}
      <span className="lk-hidden" aria-live="polite">
        {said}
      </span>
    </>
  )
}

function select(id: string | undefined): boolean {
  const element = id === undefined ? null : document.getElementById(id)
  if (element === null) return false
  getSelection()?.selectAllChildren(element)
  return true
}
