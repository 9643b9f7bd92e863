import type { ConsoleKeyDays } from '@latchkey/contract/schemas/console'
import { createContext, type ReactNode, useContext } from 'react'
import { Sparkline } from '../../ui/sparkline.tsx'
import { useOfPage } from './use-of-page.ts'

/** Beside the rows and not in them: when the days come, no row is drawn again. */
const Days = createContext<ConsoleKeyDays | undefined>(undefined)

type KeyDaysProps = { readonly keyIds: readonly string[]; readonly children: ReactNode }

/** Asks how often the keys of a page were used, once the page is there. */
export function KeyDays({ keyIds, children }: KeyDaysProps) {
  const known = useOfPage<ConsoleKeyDays>('/console/key-days', keyIds)
  return <Days value={known}>{children}</Days>
}

/** The use of one of them; its place is kept until it comes. */
export function DaysOfKey({ keyId }: { readonly keyId: string }) {
  const known = useContext(Days)
  if (known === undefined) return <span className="lk-sparkline" />
  const days = known.keys[keyId]
  return days === undefined ? <span className="lk-sparkline" /> : <Sparkline {...days} />
}
