import { PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN } from '@latchkey/core/password-length'
import { type Static, Type } from 'typebox'
import { Name } from './shared.ts'

/** What the first visit of the console sends: who the owner is, and what the company is called. */
export const ConsoleSetup = Type.Object(
  {
    token: Type.String({ minLength: 1, maxLength: 200 }),
    companyName: Name,
    name: Name,
    email: Type.String({ format: 'email', maxLength: 254 }),
    password: Type.String({ minLength: PASSWORD_LENGTH_MIN, maxLength: PASSWORD_LENGTH_MAX }),
  },
  { additionalProperties: false },
)

export type ConsoleSetup = Static<typeof ConsoleSetup>

/** When the console's session ends unless it is renewed, and when it ends whatever is done. */
export type ConsoleSession = { readonly expiresAt: string; readonly endsAt: string }
