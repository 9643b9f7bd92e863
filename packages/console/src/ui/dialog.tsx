import { Modal, type ModalProps } from '@mantine/core'
import { useEffect, useState } from 'react'
import { keepFocus } from './keep-focus.ts'

type DialogProps = Pick<ModalProps, 'onClose' | 'title' | 'size' | 'children'>

/** A dialog that is there as long as its component is. The focus stays in it, and goes back to where it was. */
export function Dialog(props: DialogProps) {
  // Looked at before anything in the dialog takes the focus.
  const [opener] = useState(() => document.activeElement)
  useEffect(() => () => giveBack(opener), [opener])
  useEffect(keepFocus, [])
  return <Modal opened {...props} />
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
