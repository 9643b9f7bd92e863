import { useRouter } from '@tanstack/react-router'
import type { MouseEvent } from 'react'
import { basePath } from '../../api/base.ts'

type KeyLinkProps = { readonly keyId: string; readonly children: string }

/** A link of a row. The library's own follows every change of the address, which fifty of them need not. */
export function KeyLink({ keyId, children }: KeyLinkProps) {
  const router = useRouter()
  const place = { to: '/keys/$keyId', params: { keyId } } as const
  // Where it does not come, the page says so once somebody goes there.
  const preload = () => void router.preloadRoute(place).catch(() => undefined)
  const open = (event: MouseEvent) => {
    // To another tab or window, or kept: that is the browser's.
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    void router.navigate(place)
  }
  return (
    <a
      href={`${basePath}/console/keys/${keyId}`}
      data-row-link
      className="lk-text lk-short"
      title={children}
      onClick={open}
      onPointerEnter={preload}
      onFocus={preload}
    >
      {children}
    </a>
  )
}
