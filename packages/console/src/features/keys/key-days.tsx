import type { ConsoleKeyDays } from '@latchkey/contract/schemas/console'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { createContext, type ReactNode, useContext } from 'react'
import { useMay } from '../../api/queries.ts'
import { request } from '../../api/request.ts'
import { Sparkline } from '../../ui/sparkline.tsx'

/** Beside the rows and not in them: when the days come, no row is drawn again. */
const Days = createContext<ConsoleKeyDays | undefined>(undefined)

type KeyDaysProps = { readonly keyIds: readonly string[]; readonly children: ReactNode }

/** Asks how often the keys of a page were used, once the page is there. */
export function KeyDays({ keyIds, children }: KeyDaysProps) {
  const may = useMay()
  const keys = keyIds.join(',')
  const { data } = useQuery({
    queryKey: ['keys', 'days', keys],
    enabled: keys !== '' && may('keys:read'),
    staleTime: 60_000,
    queryFn: async ({ signal }) =>
      (await request<ConsoleKeyDays>('GET', '/console/key-days', { query: { keys }, signal })).body,
    placeholderData: keepPreviousData,
  })
  return <Days value={data}>{children}</Days>
}

/** The use of one of them; its place is kept until it comes. */
export function DaysOfKey({ keyId }: { readonly keyId: string }) {
  const known = useContext(Days)
  if (known === undefined) return <span className="lk-sparkline" />
  const days = known.keys[keyId]
  return days === undefined ? <span className="lk-sparkline" /> : <Sparkline {...days} />
}
