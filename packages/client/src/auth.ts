import type { Call } from './call.ts'
import type { CallOptions } from './options.ts'
import type { Transport } from './transport.ts'
import type { Done, SetPassword, ShortLivedTokenRequest, SignIn, Token } from './wire.ts'

/** Sessions of people, and tokens. */
export interface AuthResource {
  /** Starts a session. Its token is then the client's `key`. */
  signIn(person: SignIn, options?: CallOptions): Call<Token>
  /** A new token for the session of the one in use. */
  renew(options?: CallOptions): Call<Token>
  /** Ends the session of the token in use. */
  signOut(options?: CallOptions): Call<Done>
  /** A token of five minutes that can do no more than is asked for. */
  shortLivedToken(request: ShortLivedTokenRequest, options?: CallOptions): Call<Token>
  /** With the token of an invitation, once. */
  setPassword(password: SetPassword, options?: CallOptions): Call<Done>
}

export function createAuth(transport: Transport): AuthResource {
  return {
    signIn: (body, options) => transport('createSession', { body }, options),
    renew: (options) => transport('renewSession', {}, options),
    signOut: (options) => transport('endSession', {}, options),
    shortLivedToken: (body, options) => transport('createShortLivedToken', { body }, options),
    setPassword: (body, options) => transport('setPassword', { body }, options),
  }
}
