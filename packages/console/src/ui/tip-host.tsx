import { useEffect, useRef, useState } from 'react'

/** Long enough for a pointer to come from the words to what they tell, in milliseconds. */
const GRACE_MS = 150
const GAP = 6
const ID = 'lk-tip-said'

/** Shows what the one Tip tells that somebody has asked, one for the whole page. */
export function TipHost() {
  const [asked, setAsked] = useState<HTMLElement>()
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => listenForTips(setAsked), [])
  useEffect(() => {
    if (asked === undefined) return
    const place = () => placeBeside(asked, box.current)
    place()
    asked.setAttribute('aria-describedby', ID)
    addEventListener('scroll', place, true)
    addEventListener('resize', place)
    return () => {
      asked.removeAttribute('aria-describedby')
      removeEventListener('scroll', place, true)
      removeEventListener('resize', place)
    }
  }, [asked])
  if (asked === undefined) return null
  const lines = asked.dataset.tip?.split('\n') ?? []
  return (
    <div ref={box} role="tooltip" className="lk-tip-box lk-text">
      {lines.map((line, index) => (
        <div key={line} id={index === lines.length - 1 ? ID : undefined}>
          {line}
        </div>
      ))}
    </div>
  )
}

/** WCAG 2.2, 1.4.13: it stays while somebody is at it, Escape takes it away, and the pointer may go onto it. */
function listenForTips(show: (asked: HTMLElement | undefined) => void): () => void {
  let shown: HTMLElement | undefined
  let leaving: number | undefined
  const set = (next: HTMLElement | undefined) => {
    clearTimeout(leaving)
    shown = next
    show(next)
  }
  const on: { [Name in keyof WindowEventMap]?: (event: WindowEventMap[Name]) => void } = {
    focusin: ({ target }) => set(tipAt(target)),
    click: ({ target }) => {
      if (!isBox(target)) set(tipAt(target))
    },
    pointerover: ({ target, pointerType }) => {
      if (pointerType === 'touch') return
      const tip = tipAt(target)
      clearTimeout(leaving)
      if (tip !== undefined) set(tip)
      else if (shown !== undefined && !isBox(target))
        leaving = window.setTimeout(() => set(tipAt(document.activeElement)), GRACE_MS)
    },
    popstate: () => set(undefined),
    keydown: (event) => {
      if (event.key !== 'Escape' || shown === undefined) return
      // The dialog under it stays.
      event.stopImmediatePropagation()
      event.preventDefault()
      set(undefined)
    },
  }
  for (const [name, listener] of Object.entries(on)) addEventListener(name, listener as EventListener, true)
  return () => {
    clearTimeout(leaving)
    for (const [name, listener] of Object.entries(on))
      removeEventListener(name, listener as EventListener, true)
  }
}

const tipAt = (target: EventTarget | null): HTMLElement | undefined =>
  (target instanceof Element ? target.closest<HTMLElement>('.lk-tip') : null) ?? undefined

const isBox = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest('.lk-tip-box') !== null

/** Under the words, or over them where there is no room; never beyond the window. */
function placeBeside(asked: HTMLElement, box: HTMLElement | null): void {
  if (box === null) return
  const words = asked.getBoundingClientRect()
  const { width, height } = box.getBoundingClientRect()
  const under = words.bottom + GAP
  const top = under + height > innerHeight ? words.top - GAP - height : under
  const left = Math.max(GAP, Math.min(words.left, innerWidth - width - GAP))
  box.style.top = `${Math.max(GAP, top)}px`
  box.style.left = `${left}px`
}
