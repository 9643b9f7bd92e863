import { createStore, useStore } from '../api/store.ts'

type Toast = { readonly id: number; readonly text: string }

const toasts = createStore<readonly Toast[]>([])
let last = 0

/** Long enough to be read twice, in milliseconds. */
const SHOWN_MS = 8_000

/** Says what was done, for a while and to screen readers. */
export function say(text: string): void {
  last += 1
  const id = last
  toasts.set([...toasts.get(), { id, text }])
  setTimeout(() => toasts.set(toasts.get().filter((toast) => toast.id !== id)), SHOWN_MS)
}

export function Toasts() {
  const shown = useStore(toasts)
  return (
    <div className="lk-toasts" role="status" aria-live="polite">
      {shown.map(({ id, text }) => (
        <div key={id} className="lk-alert lk-alert-good lk-text">
          {text}
        </div>
      ))}
    </div>
  )
}
