import { PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN } from '@latchkey/core/password-length'
import { type Static, Type } from 'typebox'
import type { Me } from './session.ts'
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

/** What the console asks first: the session, and whose it is. `name`: also for those who may not list users. */
export type ConsoleVisit = ConsoleSession & { readonly me: Me; readonly name: string }

/** Whoever is signed in gives itself another password. */
export const ConsolePassword = Type.Object(
  {
    currentPassword: Type.String({ minLength: 1, maxLength: PASSWORD_LENGTH_MAX }),
    password: Type.String({ minLength: PASSWORD_LENGTH_MIN, maxLength: PASSWORD_LENGTH_MAX }),
  },
  { additionalProperties: false },
)

/** One's own sessions that are not over, the last that was begun first. */
export type ConsoleSessions = {
  readonly data: readonly {
    readonly id: string
    /** The one that asks. */
    readonly isCurrent: boolean
    /** From where it was begun; null: not known. */
    readonly address: string | null
    readonly startedAt: string
    readonly expiresAt: string
    readonly endsAt: string
  }[]
}

/** How often keys were used, day by day, as a list shows it beside each. */
export type ConsoleKeyDays = {
  /** The first day, in UTC; each list has one number a day from there on. */
  readonly from: string
  readonly days: number
  /** Keys that were not used in these days are left out. */
  readonly keys: Readonly<
    Record<string, { readonly accepted: readonly number[]; readonly refused: readonly number[] }>
  >
}

/** Who made each key of a page of the list, and whose it is. */
export type ConsoleKeyMakers = {
  readonly keys: Readonly<
    Record<
      string,
      {
        /** `host`: a command on the server itself. `person`: somebody signed in, here or with an outside issuer. */
        readonly kind: 'host' | 'key' | 'person'
        /** It came in from another system: the maker is who brought it. */
        readonly isImported: boolean
        /** The maker belongs to the operator, and acted for the company. */
        readonly isOperator: boolean
        /** null: nobody's, not known any more, or not shown to you. */
        readonly userId: string | null
        /** null: not shown to you. Empty: deleted. */
        readonly userName: string | null
        /** Of the key that made it; null: it has none, or is not shown to you. */
        readonly description: string | null
        /** The user whose key it is; null: not shown to you. */
        readonly ownerName: string | null
      }
    >
  >
}

/** How the limits of a key stand now. `span`: seconds of a window that slides, or a period of the calendar in UTC. */
export type ConsoleKeyLimits = {
  readonly limits: readonly {
    readonly name: string
    readonly max: number
    readonly span: number | 'day' | 'month'
    readonly remaining: number
    readonly resetAt: string
  }[]
}

/** What one check of the settings found, as `latchkey doctor` says it. */
type ConsoleFinding = {
  readonly check: string
  readonly level: 'ok' | 'warning' | 'problem'
  readonly detail: string
  readonly remedy?: string
}

/** What `latchkey doctor` finds in the store, looked for beside the service. `at`: when that began. */
export type ConsoleStoreFindings = { readonly at: string; readonly findings: readonly ConsoleFinding[] }

/** Who asks, how a request of the console arrives, and what the deployment is. */
export type ConsoleDeployment = {
  /** Also for those who may not list users; null: it is no session that asks. */
  readonly you: { readonly name: string; readonly email: string | null } | null
  readonly path: {
    /** Who connects to the service: the browser, or the last proxy before it. */
    readonly connectedFrom: string | null
    /** X-Forwarded-For, as it came. */
    readonly forwardedFor: string | null
    /** Whether that is believed, because LATCHKEY_TRUSTED_PROXIES names who connects. */
    readonly isBelieved: boolean
    /** The client, as the service sees it then. */
    readonly address: string | null
  }
  /** For the operator; null: not shown to you. */
  readonly operated: {
    readonly store: 'sqlite' | 'postgres'
    readonly publicUrl: string | null
    readonly findings: readonly ConsoleFinding[]
    /** null: the embedded store, which has no other servers to wait for. `behind`: changes not yet heard of. */
    readonly servers: readonly { readonly id: string; readonly behind: number }[] | null
  } | null
}
