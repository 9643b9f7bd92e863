import type { ConsoleKeyMakers } from '@latchkey/contract/schemas/console'
import { createContext, type ReactNode, useContext } from 'react'
import { useNameOf } from '../../api/queries.ts'
import { shortId } from '../../ui/short-id.ts'
import { useOfPage } from './use-of-page.ts'

/** Beside the rows and not in them, as the days of their use are. */
const Makers = createContext<ConsoleKeyMakers | undefined>(undefined)

type KeyMakersProps = { readonly keyIds: readonly string[]; readonly children: ReactNode }

/** Asks who made the keys of a page and whose they are, once the page is there. */
export function KeyMakers({ keyIds, children }: KeyMakersProps) {
  const known = useOfPage<ConsoleKeyMakers>('/console/key-makers', keyIds)
  return <Makers value={known}>{children}</Makers>
}

type MakerOfKeyProps = {
  readonly keyId: string
  /** Where there is room for it: with which key, and for whom. */
  readonly isWhole?: boolean
}

/** Who made one of them; nothing before that is known. */
export function MakerOfKey({ keyId, isWhole = false }: MakerOfKeyProps) {
  const nameOf = useNameOf()
  const maker = useContext(Makers)?.keys[keyId]
  if (maker === undefined) return null
  if (isWhole) return `${textOf(maker, nameOf)}${moreOf(maker)}`
  return textOf(maker, (userId) => shortId(nameOf(userId)))
}

type OwnerOfKeyProps = { readonly keyId: string; readonly userId: string }

/** Whose key one of them is: by name, also where the list of users cannot hold all. */
export function OwnerOfKey({ keyId, userId }: OwnerOfKeyProps) {
  const nameOf = useNameOf()
  const known = useContext(Makers)?.keys[keyId]?.ownerName
  const name = nameOf(userId)
  if (name !== userId) return name
  return known === '' ? 'a deleted user' : (known ?? shortId(userId))
}

type Maker = ConsoleKeyMakers['keys'][string]
type NameOf = ReturnType<typeof useNameOf>

function textOf(maker: Maker, nameOf: NameOf): string {
  const verb = maker.isImported ? 'imported ' : ''
  if (maker.kind === 'host') return `${verb}on the server itself`
  return `${verb}by ${personOf(maker, nameOf)}`
}

function moreOf({ kind, isOperator, userId, description }: Maker): string {
  const company = isOperator && userId !== null ? ', of the operator' : ''
  if (kind !== 'key') return company
  return `${company}, with ${description === null ? 'a key' : `the key ${description}`}`
}

function personOf({ kind, isOperator, userId, userName }: Maker, nameOf: NameOf): string {
  const name = userName === '' ? 'a deleted user' : (userName ?? (userId === null ? null : nameOf(userId)))
  if (name !== null) return name
  if (isOperator) return 'the operator'
  return kind === 'person' ? 'somebody who signed in' : 'somebody'
}
