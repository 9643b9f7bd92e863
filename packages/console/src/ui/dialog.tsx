import { Button, Modal, type ModalProps } from '@mantine/core'
import { useBlocker } from '@tanstack/react-router'
import { createContext, useContext, useEffect, useState } from 'react'
import { keepFocus } from './keep-focus.ts'

type DialogProps = Pick<ModalProps, 'onClose' | 'title' | 'size' | 'children'> & {
  /** Whether an answer is awaited. Nothing else tells what became of it: until then the dialog does not close. */
  readonly isBusy?: boolean
}

const Closing = createContext({ isBusy: false, close: () => {} })

/**
 * A dialog that is there as long as its component is. The focus stays in it, and goes back to where it was. The browser's
 * Back does what Escape does.
 */
export function Dialog({ isBusy = false, onClose, children, ...rest }: DialogProps) {
  // Looked at before anything in the dialog takes the focus.
  const [opener] = useState(() => document.activeElement)
  useEffect(() => () => giveBack(opener), [opener])
  useEffect(keepFocus, [])
  const close = () => {
    if (!isBusy) onClose()
  }
  useBlocker({
    // A gesture on a phone, easily made: it would take a secret with it that is shown once.
    shouldBlockFn({ action }) {
      if (action === 'PUSH' || action === 'REPLACE') return false
      close()
      return true
    },
    // Nor is the tab closed unasked while an answer is awaited: it may bring a secret.
    enableBeforeUnload: isBusy,
  })
  return (
    <Modal opened onClose={close} closeButtonProps={{ 'aria-label': 'Close', disabled: isBusy }} {...rest}>
      <Closing value={{ isBusy, close }}>{children}</Closing>
    </Modal>
  )
}

type CancelButtonProps = { readonly children?: string; readonly isFocused?: boolean }

/** The way out of a dialog in which nothing is done. `isFocused`: it has the focus first. */
export function CancelButton({ children = 'Cancel', isFocused }: CancelButtonProps) {
  const { isBusy, close } = useContext(Closing)
  return (
    <Button variant="default" onClick={close} disabled={isBusy} data-autofocus={isFocused}>
      {children}
    </Button>
  )
}

function giveBack(opener: Element | null): void {
  // After the dialog is gone: what is behind it takes no focus before.
  setTimeout(() => {
    if (document.querySelector('[role="dialog"]') !== null) return
    const isThere = opener instanceof HTMLElement && opener.isConnected && opener !== document.body
    // Whoever opened it may be gone with what it did: then the page has the focus, and not nothing.
    const next = isThere ? opener : document.querySelector<HTMLElement>('#main')
    next?.focus({ preventScroll: true })
  })
}
