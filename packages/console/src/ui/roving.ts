import { type FocusEvent, type KeyboardEvent, useEffect, useRef } from 'react'

/** What of a row takes the focus: its link, and what tells more. */
const STOPS = '[data-row-link], .lk-tip'

const STEPS: Readonly<Record<string, readonly [rows: number, stops: number]>> = {
  ArrowDown: [1, 0],
  ArrowUp: [-1, 0],
  ArrowRight: [0, 1],
  ArrowLeft: [0, -1],
}

/**
 * Arrows go from row to row, and from stop to stop within one. What tells more has one stop for the Tab key in all: a
 * page of 100 rows has hundreds of them. `rowSelector`: what the rows are.
 */
export function useRoving<Container extends HTMLElement>(rowSelector: string) {
  const container = useRef<Container>(null)
  const current = useRef<Element>(null)
  // Rows come and go: after each drawing there is one again.
  useEffect(() => {
    const tips = [...(container.current?.querySelectorAll<HTMLElement>('.lk-tip') ?? [])]
    const next = tips.find((tip) => tip === current.current) ?? tips[0]
    for (const tip of tips) tip.tabIndex = tip === next ? 0 : -1
  })
  return {
    ref: container,
    onFocus({ target }: FocusEvent<Container>) {
      if (!target.matches('.lk-tip')) return
      for (const tip of container.current?.querySelectorAll<HTMLElement>('.lk-tip[tabindex="0"]') ?? [])
        tip.tabIndex = -1
      target.tabIndex = 0
      current.current = target
    },
    onKeyDown(event: KeyboardEvent<Container>) {
      const step = STEPS[event.key]
      if (step === undefined || container.current === null) return
      const next = findNext([...container.current.querySelectorAll<HTMLElement>(rowSelector)], step)
      if (next === undefined) return
      event.preventDefault()
      next.focus()
    },
  }
}

function findNext(
  rows: readonly HTMLElement[],
  [down, right]: readonly [number, number],
): HTMLElement | undefined {
  const stops = rows.map(stopsOf).filter((found) => found.length > 0)
  const active = document.activeElement
  const at = stops.findIndex(([first]) => first?.closest('tr, li')?.contains(active))
  if (down === 0) return stops[at]?.[indexOf(stops[at], active) + right]
  const row = stops[at + down]
  const column = columnOf(active)
  return row?.find((stop) => column !== undefined && columnOf(stop) === column) ?? row?.[0]
}

const stopsOf = (row: HTMLElement): readonly HTMLElement[] => [...row.querySelectorAll<HTMLElement>(STOPS)]

const indexOf = (stops: readonly HTMLElement[], active: Element | null): number =>
  active === null ? -1 : stops.indexOf(active as HTMLElement)

const columnOf = (element: Element | null): number | undefined => element?.closest('td')?.cellIndex
