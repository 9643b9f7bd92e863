import type { ConsoleKeyMakers } from '@latchkey/contract/schemas/console'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { createContext, type ReactNode, useContext } from 'react'
import { useMay, useNameOf } from '../../api/queries.ts'
import { request } from '../../api/request.ts'

/** Beside the rows and not in them, as the days of their use are. */
const Makers = createContext<ConsoleKeyMakers | undefined>(undefined)

type KeyMakersProps = { readonly keyIds: readonly string[]; readonly children: ReactNode }

/** Asks who made the keys of a page, once the page is there. */
export function KeyMakers({ keyIds, children }: KeyMakersProps) {
  const may = useMay()
  const keys = keyIds.join(',')
  const { data } = useQuery({
    queryKey: ['keys', 'makers', keys],
    enabled: keys !== '' && may('keys:read'),
    staleTime: 60_000,
    queryFn: async ({ signal }) =>
      (await request<ConsoleKeyMakers>('GET', '/console/key-makers', { query: { keys }, signal })).body,
    placeholderData: keepPreviousData,
  })
  return <Makers value={data}>{children}</Makers>
}

/** Who made one of them; nothing before that is known. */
export function MakerOfKey({ keyId }: { readonly keyId: string }) {
  const nameOf = useNameOf()
  const maker = useContext(Makers)?.keys[keyId]
  return maker === undefined ? null : textOf(maker, nameOf)
}

type Maker = ConsoleKeyMakers['keys'][string]
type NameOf = ReturnType<typeof useNameOf>

function textOf(maker: Maker, nameOf: NameOf): string {
  const verb = maker.isImported ? 'imported ' : ''
  if (maker.kind === 'host') return `${verb}on the server itself`
  const by = `${verb}by ${personOf(maker, nameOf)}`
  if (maker.kind === 'person') return by
  return maker.description === null ? `${by}, with a key` : `${by}, with the key ${maker.description}`
}

function personOf({ kind, isOperator, userId, userName }: Maker, nameOf: NameOf): string {
  const name = userName === '' ? 'a deleted user' : (userName ?? (userId === null ? null : nameOf(userId)))
  if (isOperator) return name === null ? 'the operator' : `${name}, of the operator`
  if (name !== null) return name === 'You' ? 'you' : name
  return kind === 'person' ? 'somebody who signed in' : 'somebody'
}
