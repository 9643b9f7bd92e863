import type { ReactNode } from 'react'

type TipProps = {
  /** Shown while it has the focus, the pointer or a finger; the last line is what those hear who do not see it. */
  readonly lines: readonly string[]
  /** What it is called, where that is not what stands there. It begins with what stands there. */
  readonly name?: string
  readonly children: ReactNode
}

/** A few words that tell more to whoever asks: by keyboard, by mouse or by touch. What they tell is shown by TipHost. */
export function Tip({ lines, name, children }: TipProps) {
  return (
    <button type="button" className="lk-tip" data-tip={lines.join('\n')} aria-label={name}>
      {children}
    </button>
  )
}
