import { Done, Me, SetPassword, ShortLivedTokenRequest, SignIn, Token } from '../schemas/session.ts'
import type { Operation } from './operation.ts'

const tag = 'Session'

export const sessionOperations = {
  getMe: {
    method: 'GET',
    path: '/me',
    tag,
    summary: 'Who this credential is',
    description: 'Returns what the credential stands for, what it is permitted, and the client address seen.',
    authentication: 'required',
    permission: null,
    success: { status: 200, schema: Me },
  },
  createSession: {
    method: 'POST',
    path: '/auth/token',
    tag,
    summary: 'Sign in',
    description:
      'Starts a session for a user with a password. The token lives 15 minutes and can be renewed.',
    authentication: 'none',
    permission: null,
    body: SignIn,
    success: { status: 200, schema: Token },
  },
  renewSession: {
    method: 'PUT',
    path: '/auth/token',
    tag,
    summary: 'Renew a session',
    description:
      'Answers a new token for the session of the one presented, for up to 12 hours after sign-in.',
    authentication: 'required',
    permission: null,
    needsSession: true,
    success: { status: 200, schema: Token },
  },
  endSession: {
    method: 'DELETE',
    path: '/auth/token',
    tag,
    summary: 'Sign out',
    description: 'Ends the session of the token presented. Every token of it stops at once.',
    authentication: 'required',
    permission: null,
    needsSession: true,
    success: { status: 200, schema: Done },
  },
  createShortLivedToken: {
    method: 'POST',
    path: '/auth/token/short-lived',
    tag,
    summary: 'Make a short-lived token',
    description:
      'Answers a token of five minutes that can do no more than is asked for, and stops with the credential it is made from.',
    authentication: 'required',
    permission: null,
    body: ShortLivedTokenRequest,
    success: { status: 200, schema: Token },
  },
  setPassword: {
    method: 'POST',
    path: '/auth/password',
    tag,
    summary: 'Set a password',
    description: 'Sets the password of the user an invitation is for, once. All sessions of the user end.',
    authentication: 'none',
    permission: null,
    body: SetPassword,
    success: { status: 200, schema: Done },
  },
} as const satisfies Record<string, Operation>
