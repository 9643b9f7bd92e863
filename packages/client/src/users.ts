import type { Call } from './call.ts'
import type { CallOptions } from './options.ts'
import { createPages, type Pages } from './pages.ts'
import type { Transport } from './transport.ts'
import type {
  Invitation,
  ListUsersQuery,
  UpdatedUser,
  User,
  UserCreate,
  UserList,
  UserUpdate,
} from './wire.ts'

/** The company's users. */
export interface UsersResource {
  /** Newest first: every one by `for await`, or one page by `.page()`. */
  list(query?: ListUsersQuery, options?: CallOptions): Pages<User, UserList>
  create(user: UserCreate, options?: CallOptions): Call<User>
  get(id: string, options?: CallOptions): Call<User>
  /** Changes what is given and leaves the rest. `status: 'inactive'` stops all of the user's keys before it resolves. */
  update(id: string, change: UserUpdate, options?: CallOptions): Call<UpdatedUser>
  /** For good: a user without active keys. */
  delete(id: string, options?: CallOptions): Call<undefined>
  /** A one-time token to set a password with. */
  invite(id: string, options?: CallOptions): Call<Invitation>
}

export function createUsers(transport: Transport): UsersResource {
  return {
    list: (query = {}, options) =>
      createPages(query, (page) => transport('listUsers', { query: page }, options)),
    create: (body, options) => transport('createUser', { body }, options),
    get: (id, options) => transport('getUser', { ids: [id] }, options),
    update: (id, body, options) => transport('updateUser', { ids: [id], body }, options),
    delete: (id, options) => transport('deleteUser', { ids: [id] }, options),
    invite: (id, options) => transport('createInvitation', { ids: [id] }, options),
  }
}
