/**
 * Keeps the focus in a dialog while what has it goes, or takes none for a while: it comes back to a button that waited
 * for an answer, and from what is gone it goes to the dialog, whose title is then read out. Answers how to stop.
 */
export function keepFocus(): () => void {
  let last: HTMLElement | undefined
  let dialog: HTMLElement | undefined
  const watch = new MutationObserver(() => {
    if (document.activeElement !== document.body) return
    const next = last?.isConnected ? last : dialog
    next?.focus({ preventScroll: true })
  })
  const note = ({ target }: FocusEvent) => {
    const around = target instanceof HTMLElement ? target.closest<HTMLElement>('[role="dialog"]') : null
    if (around === null) return
    last = target as HTMLElement
    if (dialog === around) return
    dialog = around
    watch.observe(dialog, { subtree: true, childList: true, attributeFilter: ['disabled'] })
  }
  document.addEventListener('focusin', note)
  return () => {
    document.removeEventListener('focusin', note)
    watch.disconnect()
  }
}
