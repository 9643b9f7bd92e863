import { flushSync } from 'react-dom'

let isPressed = false
const follow = (next: boolean) => () => {
  isPressed = next
}

addEventListener('pointerdown', follow(true), true)
for (const name of ['pointerup', 'pointercancel']) addEventListener(name, follow(false), true)

/**
 * Runs what a field does when it loses the focus, but not between the press on something else and its release: what
 * moves the page meanwhile takes the click from the button that was pressed. What a click does sees it done.
 */
export function whenReleased(work: () => void): void {
  if (!isPressed) {
    work()
    return
  }
  const done = new AbortController()
  const run = () => {
    done.abort()
    flushSync(work)
  }
  for (const name of ['pointerup', 'pointercancel'])
    addEventListener(name, run, { capture: true, signal: done.signal })
}
