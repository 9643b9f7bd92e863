import type { ConsoleDeployment } from '@latchkey/contract/schemas/console'
import type { ApiKey } from '@latchkey/contract/schemas/keys'
import type { Me } from '@latchkey/contract/schemas/session'
import type { User } from '@latchkey/contract/schemas/users'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { type Answered, request } from './request.ts'
import { sessionUser } from './session.ts'
import { useStore } from './store.ts'

/** A page of a list, as every list answers. */
export type Listed<Row> = {
  readonly total: number
  readonly totalIsMinimum?: boolean
  readonly nextUrl: string | null
  readonly previousUrl: string | null
  readonly data: readonly Row[]
}

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: async () => (await request<Me>('GET', '/me')).body,
  staleTime: 60_000,
})

/** Who is signed in, and what it may do. The frame shows nothing before it is known. */
export function useMe(): Me {
  const { data } = useQuery(meQuery)
  if (data === undefined) throw new Error('nobody is signed in')
  return data
}

/** Whether whoever is signed in may do something. The service decides; this only hides what it would refuse. */
export function useMay(): (permission: string) => boolean {
  const { permissions } = useMe()
  return (permission) =>
    permissions.includes(permission) ||
    permissions.includes('*') ||
    permissions.includes(`${permission.split(':')[0]}:*`)
}

export const keyQuery = (keyId: string) =>
  queryOptions({
    queryKey: ['keys', 'one', keyId],
    queryFn: ({ signal }): Promise<Answered<ApiKey>> =>
      request<ApiKey>('GET', `/keys/${encodeURIComponent(keyId)}`, { signal }),
  })

export const deploymentQuery = queryOptions({
  queryKey: ['deployment'],
  staleTime: 60_000,
  queryFn: async () => (await request<ConsoleDeployment>('GET', '/console/deployment')).body,
})

/** As many users as a list to choose from can hold; beyond it people are named by their id. */
const USER_PAGES_MAX = 5

const usersQuery = queryOptions({
  queryKey: ['users', 'all'],
  staleTime: 60_000,
  queryFn: async ({ signal }) => {
    const users: User[] = []
    for (let page = 0; page < USER_PAGES_MAX; page += 1) {
      const after = users.at(-1)?.id
      const query = { limit: 100, ...(after === undefined ? {} : { startingAfter: after }) }
      const { body } = await request<Listed<User>>('GET', '/users', { query, signal })
      users.push(...body.data)
      if (body.nextUrl === null) break
    }
    return users
  },
})

/** The users of the company, as far as whoever is signed in may see them. */
export const useUsers = (): readonly User[] => useKnownUsers() ?? []

/** undefined: not known, yet or to whoever is signed in. */
export function useKnownUsers(): readonly User[] | undefined {
  const may = useMay()
  return useQuery({ ...usersQuery, enabled: may('users:list') }).data
}

/** One user: from the list, or asked for where that cannot hold it. undefined: not known, or not wanted. */
export function useUser(userId: string, isWanted = true): User | undefined {
  const may = useMay()
  const known = useKnownUsers()
  const listed = known?.find(({ id }) => id === userId)
  const { data } = useQuery({
    queryKey: ['users', 'one', userId],
    enabled: isWanted && may('users:read') && known !== undefined && listed === undefined,
    staleTime: 60_000,
    queryFn: async ({ signal }) => (await request<User>('GET', `/users/${userId}`, { signal })).body,
  })
  return isWanted ? (listed ?? data) : undefined
}

/** How people are called: by their name where it is known, else by their id. */
export function useNameOf(): (userId: string) => string {
  const users = useUsers()
  const me = useStore(sessionUser)
  return (userId) => users.find(({ id }) => id === userId)?.name ?? (userId === me?.id ? me.name : userId)
}

/** How one of them is called, whom the list of users may not hold. */
export function useName(userId: string): string {
  const nameOf = useNameOf()
  return useUser(userId, userId !== '')?.name ?? nameOf(userId)
}
