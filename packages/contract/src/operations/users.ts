import { Invitation } from '../schemas/session.ts'
import { ListUsersQuery, UpdatedUser, User, UserCreate, UserList, UserUpdate } from '../schemas/users.ts'
import type { Operation } from './operation.ts'

const tag = 'Users'

export const userOperations = {
  listUsers: {
    method: 'GET',
    path: '/users',
    tag,
    summary: "List the company's users",
    description: 'Returns one page of users, newest first.',
    authentication: 'required',
    permission: 'users:list',
    query: ListUsersQuery,
    success: { status: 200, schema: UserList },
  },
  createUser: {
    method: 'POST',
    path: '/users',
    tag,
    summary: 'Create a user',
    description: 'Creates a user of the company, with a role no higher than the caller’s own.',
    authentication: 'required',
    permission: 'users:create',
    isIdempotent: true,
    body: UserCreate,
    success: { status: 201, schema: User },
  },
  getUser: {
    method: 'GET',
    path: '/users/{userId}',
    tag,
    summary: 'Read one user',
    description: 'Returns one user of the company.',
    authentication: 'required',
    permission: 'users:read',
    hasEtag: true,
    success: { status: 200, schema: User },
  },
  updateUser: {
    method: 'PATCH',
    path: '/users/{userId}',
    tag,
    summary: 'Change a user',
    description:
      'Changes what is given and leaves the rest. When status inactive is answered, none of the user’s keys works. ' +
      'Where the user may do more than before, growingKeys tells which of its keys do, too.',
    authentication: 'required',
    permission: 'users:update',
    hasEtag: true,
    body: UserUpdate,
    success: { status: 200, schema: UpdatedUser },
  },
  deleteUser: {
    method: 'DELETE',
    path: '/users/{userId}',
    tag,
    summary: 'Delete a user',
    description:
      'Deletes a user without active keys for good, with its name, address, external id, password and sessions. Its id ' +
      'stays in the audit events. Again is fine and changes nothing.',
    authentication: 'required',
    permission: 'users:delete',
    hasEtag: true,
    success: { status: 204 },
  },
  createInvitation: {
    method: 'POST',
    path: '/users/{userId}/invitation',
    tag,
    summary: 'Invite a user to set a password',
    description:
      'Answers a one-time token of 24 hours for POST /auth/password. An older one stops working, and so does this one ' +
      'when whoever made it is shut out. ETag and If-Match are those of the user.',
    authentication: 'required',
    permission: 'users:update',
    hasEtag: true,
    success: { status: 201, schema: Invitation },
  },
} as const satisfies Record<string, Operation>
