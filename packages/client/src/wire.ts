// Printed from the schemas of the contract by `npm run build`: change those, not this file.

export interface ApiKeyCreate {
  /** Id of the user the key acts for. */
  userId: string
  /** Addresses and CIDR blocks the key may be used from, as an array or one comma-separated string; at most 1,000. null means no restriction. */
  whitelistedIPs?: readonly string[] | string | null
  /** What the key is for, in your words. */
  description?: string | null
  /** When the key stops working; null: never. */
  expiresAt?: string | null
  /** Narrower than the user's; null: all that the user has. */
  permissions?: readonly string[] | null
  /** Shows in the secret, which begins with lk_live_ or lk_test_. live where it is not said. */
  mode?: "live" | "test"
  /** Your own facts about the key, returned by every verification. */
  metadata?: Record<string, string>
  /** How often the key may be used within sliding windows; null: as often as it likes. */
  rateLimits?: ReadonlyArray<{
    /** Yours, once in a key, and not `quota`: it stands in verdicts and headers. */
    name: string
    /** How many uses, each by its cost. */
    limit: number
    /** Length of the window, which slides. */
    windowSeconds: number
  }> | null
  /** How often the key may be used in a day or month of UTC; null: as often as it likes. */
  quota?: {
    /** How many uses, each by its cost. */
    limit: number
    /** Of the calendar, in UTC. */
    period: "day" | "month"
  } | null
}

export interface ApiKeyUpdate {
  /** Addresses and CIDR blocks the key may be used from, as an array or one comma-separated string; at most 1,000. null means no restriction. */
  whitelistedIPs?: readonly string[] | string | null
  /** What the key is for, in your words. */
  description?: string | null
  /** When the key stops working; null: never. */
  expiresAt?: string | null
  /** Narrower than the user's; null: all that the user has. */
  permissions?: readonly string[] | null
  /** Your own facts about the key, returned by every verification. */
  metadata?: Record<string, string>
  /** How often the key may be used within sliding windows; null: as often as it likes. */
  rateLimits?: ReadonlyArray<{
    /** Yours, once in a key, and not `quota`: it stands in verdicts and headers. */
    name: string
    /** How many uses, each by its cost. */
    limit: number
    /** Length of the window, which slides. */
    windowSeconds: number
  }> | null
  /** How often the key may be used in a day or month of UTC; null: as often as it likes. */
  quota?: {
    /** How many uses, each by its cost. */
    limit: number
    /** Of the calendar, in UTC. */
    period: "day" | "month"
  } | null
  /** false refuses the key until it is enabled again. */
  enabled?: boolean
}

export interface RotationCreate {
  /** How long the old secret lives beside the new one; a day where it is not said. 0: it is dead, on every server, when this is answered. */
  overlapSeconds?: number
}

export interface RotationUpdate {
  /** When the old secret ends, within 30 days. A time that is not after now ends it at once. */
  previousEndsAt: string
}

export interface ImportRequest {
  /** The keys, one row each. */
  keys: ReadonlyArray<{
    /** The text that clients present. Give this or the hash. */
    key?: string
    /** The hash that the old system has of the text: hex, base64 or base64url. */
    hash?: string
    /** How this hash was made, where it is not as with the others. */
    format?: string
    /** Id of the user here the key acts for. */
    userId?: string
    /** The old system’s id of the owner: the externalId of a user here. */
    externalUserId?: string
    /** What the key is for. */
    description?: string
    /** Left out: all that the application gives its user, and nothing of this service’s own. */
    permissions?: readonly string[]
    /** Left out: usable from everywhere. */
    whitelistedIPs?: readonly string[]
    /** When the key stops working. What has ended already is imported, and stays ended. */
    expiresAt?: string
    /** When the key was made there. */
    createdAt?: string
    /** live where it is not said. */
    mode?: "live" | "test"
    /** false: refused until it is enabled here. */
    enabled?: boolean
    /** Your own facts about the key. */
    metadata?: Record<string, string>
    /** How often the key may be used within sliding windows; null or left out: as often as it likes. */
    rateLimits?: ReadonlyArray<{
      /** As POST /keys takes it. */
      name: string
      /** How many uses, each by its cost. */
      limit: number
      /** Length of the window, which slides. */
      windowSeconds: number
    }> | null
    /** How often the key may be used in a day or month of UTC; null or left out: as often as it likes. */
    quota?: {
      /** How many uses, each by its cost. */
      limit: number
      /** day or month, of the calendar in UTC. */
      period: string
    } | null
    /** What the text begins with, where only its hash is known: other texts are not looked for. */
    prefix?: string
    /** What the text ends with, to be recognised by. */
    lastFour?: string
  }>
  /** The system they come from, such as unkey; api where it is not said. */
  source?: string
  /** How hashes were made: an algorithm, or algorithm:input, such as sha256:after-first-pipe. */
  format?: string
  /** The secret that hmac-sha256 was made with. */
  pepper?: string
  /** The salt of suffix-salt. */
  salt?: string
  /** Id of the user for rows that name no owner. */
  user?: string
  /** true: an externalUserId nobody has becomes a user, with the role developer. */
  createUsers?: boolean
  /** true: says what would be done, and does nothing. */
  dryRun?: boolean
}

export interface ImportResult {
  /** true: nothing was done. */
  dryRun: boolean
  /** How many keys came in. */
  created: number
  /** How many were here before, deleted ones too. */
  exists: number
  /** How many could not be taken. */
  refused: number
  /** What became of each row, in their order. */
  rows: ReadonlyArray<{
    /** Which of the keys, from 1. */
    line: number
    /** exists: the text is, or was, a key here, and stays as it is. */
    outcome: "created" | "exists" | "refused"
    /** Id of the key that was made; null: none was, or it is a dry run. */
    keyId: string | null
    /** Why the row was refused. */
    reason: string | null
    /** What went to metadata, what found no place, what to know. */
    notes: readonly string[]
  }>
}

/** Addresses and CIDR blocks the key may be used from. null means no restriction. */
export type WhitelistedIPs = readonly string[] | null

/** How often the key may be used within sliding windows; null: as often as it likes. */
export type RateLimits = ReadonlyArray<{
  /** Yours, once in a key, and not `quota`: it stands in verdicts and headers. */
  name: string
  /** How many uses, each by its cost. */
  limit: number
  /** Length of the window, which slides. */
  windowSeconds: number
}> | null

/** How often the key may be used in a day or month of UTC; null: as often as it likes. */
export type UseQuota = {
  /** How many uses, each by its cost. */
  limit: number
  /** Of the calendar, in UTC. */
  period: "day" | "month"
} | null

/** inactive only when deleted or disabled. */
export type ApiKeyStatus = "active" | "inactive"

/** An API key as the company sees it. */
export interface ApiKey {
  /** Id of the key. */
  id: string
  /** Company that owns the key. */
  companyId: string
  /** User the key acts for. */
  userId: string
  /** The secret (on creation) or a masked form of it (everywhere else). */
  key: string
  whitelistedIPs: WhitelistedIPs
  status: ApiKeyStatus
  /** When the key was created. */
  createdAt: string
  /** When the key last changed. */
  updatedAt: string
  /** When the key was deleted; null while it is not. */
  deletedAt: string | null
  /** What the key is for. */
  description: string | null
  /** When the key stops working; null: never. */
  expiresAt: string | null
  /** Narrower than the user's; null: all that the user has. */
  permissions: readonly string[] | null
  /** Shows in the secret, which begins with lk_live_ or lk_test_. live where it is not said. */
  mode: "live" | "test"
  /** Your own facts about the key. */
  metadata: Record<string, string>
  rateLimits: RateLimits
  quota: UseQuota
  /** false while the key is disabled. */
  enabled: boolean
  /** Why the key is refused; null while it is not. */
  statusReason: "deleted" | "disabled" | "expired" | "user_inactive" | "company_inactive" | null
  /** Id of the credential that made the key. */
  createdBy: string | null
  /** When the key was last accepted, true to the minute; null: never. */
  lastUsedAt: string | null
  /** From where the key was last accepted; null: never, or the address was not known. */
  lastAddress: string | null
  /** When the key was last refused, true to some seconds; null: never. */
  lastRefusedAt: string | null
  /** With which verdict. */
  lastRefusedCode: "VALID" | "NOT_FOUND" | "INACTIVE" | "EXPIRED" | "USER_INACTIVE" | "COMPANY_INACTIVE" | "IP_NOT_ALLOWED" | "IP_REQUIRED" | "INSUFFICIENT_PERMISSIONS" | "RATE_LIMITED" | null
  /** From where; null: the address was not known. */
  lastRefusedAddress: string | null
  /** The rotation that is open, until the previous secret has ended; null: none is. */
  rotation: {
    /** When the new secret was made. */
    startedAt: string
    /** When the previous secret ends. */
    previousEndsAt: string
    /** The masked form of the previous secret. */
    previousKey: string
    /** When the new secret was first accepted; null: not yet. */
    newFirstUsedAt: string | null
    /** When the previous secret was last accepted since it was replaced; null: it was not. */
    previousLastUsedAt: string | null
    /** From where that was. */
    previousLastAddress: string | null
  } | null
  /** Which system the key comes from, and when it came; null: it was made here. */
  imported: {
    /** The name of the system. */
    source: string
    /** When the key was imported. */
    at: string
  } | null
}

export interface ApiKeyList {
  /** HTTP status of this answer, repeated in the body. */
  status: number
  /** How many keys match the filter, over all pages. */
  total: number
  /** How many keys are in `data`. */
  count: number
  /** Address of the next page, null on the last. */
  nextUrl: string | null
  /** Address of the previous page, null on the first. */
  previousUrl: string | null
  /** The keys of this page. */
  data: readonly ApiKey[]
  /** true when more keys match than were counted (10,000). */
  totalIsMinimum?: boolean
}

export interface VerifyRequest {
  /** The key to verify, or a token: judged by the live state of what it stems from. */
  key: string
  /** The end caller's address, which a restricted key is held against. */
  ip?: string
  /** What the use needs, each as area:action. */
  permissions?: readonly string[]
  /** What the use counts for in the limits of the key; 1 where it is not said. 0: it looks and is not counted. */
  cost?: number
}

export interface VerifyResult {
  /** true only for the code VALID. */
  valid: boolean
  /** The verdict. */
  code: "VALID" | "NOT_FOUND" | "INACTIVE" | "EXPIRED" | "USER_INACTIVE" | "COMPANY_INACTIVE" | "IP_NOT_ALLOWED" | "IP_REQUIRED" | "INSUFFICIENT_PERMISSIONS" | "RATE_LIMITED"
  /** Of a token: of the key it stems from. null for NOT_FOUND, and for a person’s token. */
  keyId: string | null
  companyId: string | null
  userId: string | null
  /** All that the key is permitted. */
  permissions: readonly string[]
  mode: "live" | "test" | null
  /** When the key stops working; null: never. */
  expiresAt: string | null
  metadata: Record<string, string>
  /** Which secret of the key was used: previous, when it was replaced. null: none, or nobody’s. */
  secret: "current" | "previous" | null
  /** When the secret that was used ends because it was replaced; null: it was not. */
  replaceBy: string | null
  /** How the limits of the key stand after this; null: it has none, or was refused for something else. */
  limits: ReadonlyArray<{
    /** Of the rate limit, or `quota`. */
    name: string
    limit: number
    /** What is left, by what the server that answers knows. */
    remaining: number
    /** When the part of the window, the day or the month that runs is over. */
    resetAt: string
  }> | null
  /** The limit that refused; null: none did. */
  limitedBy: string | null
  /** After so long there is room for a use of this cost, if nobody takes it; null: it was not limited, or the cost is more than the whole limit. */
  retryAfterSeconds: number | null
  requestId: string
}

export interface VerifyBatchRequest {
  keys: ReadonlyArray<{
    /** The key to verify, or a token: judged by the live state of what it stems from. */
    key: string
    /** The end caller's address, which a restricted key is held against. */
    ip?: string
    /** What the use needs, each as area:action. */
    permissions?: readonly string[]
    /** What the use counts for in the limits of the key; 1 where it is not said. 0: it looks and is not counted. */
    cost?: number
  }>
}

export interface VerifyBatchResult {
  /** One verdict a key, in the order asked. */
  results: readonly VerifyResult[]
}

export interface KeyRecordRequest {
  /** The key to verify, or a token: judged by the live state of what it stems from. */
  key: string
}

export interface KeyRecordResult {
  /** null: there is none that you may see, or `askServer` says why not. */
  record: {
    keyId: string
    companyId: string
    userId: string
    mode: "live" | "test"
    /** Neither deleted nor disabled. */
    isActive: boolean
    isUserActive: boolean
    isCompanyActive: boolean
    /** When the key stops working; null: never. */
    expiresAt: string | null
    /** What the key may be used from; null: everywhere. */
    whitelistedIPs: readonly string[] | null
    role: Role
    /** All that the key is permitted: those of the service by name, yours also as area:* or *:*. */
    permissions: readonly string[]
    metadata: Record<string, string>
    secret: {
      /** The secrets of a key are counted from 1. */
      ordinal: number
      /** When it ends because it was replaced; null: it was not. */
      endsAt: string | null
      /** It has ended, whatever a clock says. */
      isOver: boolean
    }
    /** Its uses are counted by the service. */
    isLimited: boolean
  } | null
  /** The text is judged by POST /verify, each time. */
  askServer: boolean
  /** The life of the store that revisions are counted in. */
  epoch: string
  /** The record is no older than this revision. */
  revision: number
  /** The clock of the server. */
  now: string
  /** Which server answered: another text at each of its starts. */
  server: string
}

export interface ChangesRequest {
  /** Random, and another one at each start of the verifier. */
  verifier: string
  /** Of what the verifier has in memory; null: it has nothing there. */
  epoch: string | null
  /** Up to which revision it has forgotten what changed; null: it has nothing in memory. */
  after: number | null
  /** How long the answer may wait for a change, in milliseconds. */
  hold: number
  /** Random. It is answered, so that nothing between can answer with an old one. */
  nonce: string
  /** The verifier has emptied its memory and asks no more. */
  goodbye?: boolean
}

export interface ChangesResult {
  /** The life of the store that revisions are counted in. */
  epoch: string
  /** As it was asked. */
  after: number | null
  /** The changes are all of those after `after` up to here. */
  through: number
  /** What to forget: what you may see of it. */
  changes: ReadonlyArray<{
    scope: "key" | "session" | "user" | "company"
    id: string
  }>
  /** Everything is to be forgotten instead. */
  reset: boolean
  /** Which server answered: another text at each of its starts. */
  server: string
  /** How long the answer waited. */
  heldMs: number
  /** How old the proof is that nothing else has changed. */
  provenMsAgo: number
  /** How long memory may answer after that proof; 0: it may not, ask POST /verify. */
  leaseMs: number
  /** The clock of the server. */
  now: string
  /** As it was asked. */
  nonce: string
}

export interface UsageReport {
  /** Random. A report that comes again is counted once. */
  reportId: string
  /** When the counting began. */
  from: string
  /** When it ended. */
  to: string
  /** When the report is sent, by the clock of the other times: clocks may be apart. */
  now: string
  uses: ReadonlyArray<{
    keyId: string
    /** Which secret of the key was used; null: not known. */
    secretOrdinal: number | null
    /** The verdict. */
    code: "VALID" | "NOT_FOUND" | "INACTIVE" | "EXPIRED" | "USER_INACTIVE" | "COMPANY_INACTIVE" | "IP_NOT_ALLOWED" | "IP_REQUIRED" | "INSUFFICIENT_PERMISSIONS" | "RATE_LIMITED"
    /** How often. */
    count: number
    /** When it was last given. */
    lastAt: string
    /** The address of that use; null: not known. */
    lastAddress: string | null
  }>
}

export interface UsageReportResult {
  /** Uses that were added, now or when the report first came. */
  accepted: number
  /** Uses of keys that you may not see, or that do not exist. */
  ignored: number
}

export interface KeyUsage {
  /** First day. */
  from: string
  /** Last day. */
  to: string
  /** Oldest first; days without use are left out. */
  days: ReadonlyArray<{
    /** The day, in UTC. */
    date: string
    /** How often each verdict was given; what did not happen is left out. */
    counts: {
      VALID?: number
      NOT_FOUND?: number
      INACTIVE?: number
      EXPIRED?: number
      USER_INACTIVE?: number
      COMPANY_INACTIVE?: number
      IP_NOT_ALLOWED?: number
      IP_REQUIRED?: number
      INSUFFICIENT_PERMISSIONS?: number
      RATE_LIMITED?: number
    }
    /** How many of the accepted uses were of a secret that was replaced. */
    previousSecret: number
  }>
  /** Sums of the days that are kept no more, oldest first. */
  months: ReadonlyArray<{
    /** The month, as 2026-11. */
    month: string
    /** How often each verdict was given; what did not happen is left out. */
    counts: {
      VALID?: number
      NOT_FOUND?: number
      INACTIVE?: number
      EXPIRED?: number
      USER_INACTIVE?: number
      COMPANY_INACTIVE?: number
      IP_NOT_ALLOWED?: number
      IP_REQUIRED?: number
      INSUFFICIENT_PERMISSIONS?: number
      RATE_LIMITED?: number
    }
    /** How many of the accepted uses were of a secret that was replaced. */
    previousSecret: number
  }>
  /** The last 20 networks that the key was accepted from, latest first. */
  addresses: ReadonlyArray<{
    /** An IPv4 address, or an IPv6 /64. */
    network: string
    /** The last address of the network that was seen. */
    address: string
    /** When it was first seen. */
    firstAt: string
    /** When it was last seen, true to the minute. */
    lastAt: string
  }>
  /** The last 20 networks that its allowlist refused, latest first. */
  refusedAddresses: ReadonlyArray<{
    /** An IPv4 address, or an IPv6 /64. */
    network: string
    /** The last address of the network that was seen. */
    address: string
    /** When it was first seen. */
    firstAt: string
    /** When it was last seen, true to the minute. */
    lastAt: string
  }>
  /** What happened before is counted; what happened after may be. */
  countedUntil: string
}

export interface UsageSum {
  /** The day, the id of the key or user, or the code. */
  id: string
  /** All verdicts together. */
  total: number
  /** How often each verdict was given; what did not happen is left out. */
  counts: {
    VALID?: number
    NOT_FOUND?: number
    INACTIVE?: number
    EXPIRED?: number
    USER_INACTIVE?: number
    COMPANY_INACTIVE?: number
    IP_NOT_ALLOWED?: number
    IP_REQUIRED?: number
    INSUFFICIENT_PERMISSIONS?: number
    RATE_LIMITED?: number
  }
}

export interface UsageList {
  /** HTTP status of this answer, repeated in the body. */
  status: number
  /** How many sums match the filter, over all pages. */
  total: number
  /** How many sums are in `data`. */
  count: number
  /** Address of the next page, null on the last. */
  nextUrl: string | null
  /** Address of the previous page, null on the first. */
  previousUrl: string | null
  /** The sums of this page. */
  data: readonly UsageSum[]
  /** What happened before is counted; what happened after may be. */
  countedUntil: string
}

export interface AllowlistPreviewRequest {
  /** Addresses and CIDR blocks the key may be used from, as an array or one comma-separated string; at most 1,000. null means no restriction. */
  whitelistedIPs: readonly string[] | string | null
}

export interface AllowlistPreview {
  /** What the list would refuse of the networks of the last 30 days, latest first. */
  refused: ReadonlyArray<{
    /** An IPv4 address, or an IPv6 /64. */
    network: string
    /** The last address of the network, which the list does not admit. */
    address: string
    /** When the key was last accepted from there. */
    lastAt: string
  }>
  /** How many of them it would admit. */
  admitted: number
  /** What happened before is counted; what happened after may be. */
  countedUntil: string
}

export interface Me {
  credential: {
    /** What vouches for the request: key, session, or user (of an outside issuer). */
    type: "key" | "session" | "user"
    /** Id of that key, session or user. */
    id: string
    /** true when a token made from it was presented. */
    isToken: boolean
  }
  userId: string
  /** The company the credential belongs to. */
  companyId: string
  /** The company this request acts for (see X-Company-Id). */
  actingCompanyId: string
  role: Role
  /** All that the credential is permitted. */
  permissions: readonly string[]
  /** The client address seen, after trusted proxies; null when it could not be told. */
  address: string | null
  requestId: string
}

export interface SignIn {
  /** The email address of the user. */
  username: string
  password: string
  /** The company to sign in to, where users of several have this address and this password. Absent: that of the oldest. */
  companyId?: string | null
}

export interface SetPassword {
  /** The token of the invitation. */
  token: string
  /** The new password. */
  password: string
}

export interface ShortLivedTokenRequest {
  /** What the token may do: only what the caller may. */
  permissions: readonly string[]
}

export interface Token {
  /** For Authorization: Bearer. */
  token: string
}

export interface Done {
  /** HTTP status of this answer, repeated in the body. */
  status: number
  message: string
}

/** owner > admin > developer > viewer. */
export type Role = "owner" | "admin" | "developer" | "viewer"

export interface UserCreate {
  name: string
  role: Role
  /** Unique in the company; the name to sign in with. */
  email?: string | null
  /** The host application's own id, unique in its company. */
  externalId?: string | null
  /** The application's own permissions the user has; null: every one its role allows. */
  permissions?: readonly string[] | null
}

export interface UserUpdate {
  name?: string
  /** owner > admin > developer > viewer. */
  role?: "owner" | "admin" | "developer" | "viewer"
  /** Unique in the company; the name to sign in with. */
  email?: string | null
  /** The host application's own id, unique in its company. */
  externalId?: string | null
  /** The application's own permissions the user has; null: every one its role allows. */
  permissions?: readonly string[] | null
  /** inactive stops all of the user’s keys and tokens. */
  status?: "active" | "inactive"
}

export interface User {
  /** Id of the user. */
  id: string
  /** Company the user belongs to. */
  companyId: string
  name: string
  role: Role
  email: string | null
  /** The host application's own id. */
  externalId: string | null
  /** The application's own permissions the user has; null: every one its role allows. */
  permissions: readonly string[] | null
  /** inactive: none of the user’s keys and tokens works. */
  status: "active" | "inactive"
  /** When the user was created. */
  createdAt: string
  /** When the user last changed. */
  updatedAt: string
}

export interface UserList {
  /** HTTP status of this answer, repeated in the body. */
  status: number
  /** How many users match the filter, over all pages. */
  total: number
  /** How many users are in `data`. */
  count: number
  /** Address of the next page, null on the last. */
  nextUrl: string | null
  /** Address of the previous page, null on the first. */
  previousUrl: string | null
  /** The users of this page. */
  data: readonly User[]
  /** true when more users match a search than were counted (10,000). */
  totalIsMinimum?: boolean
}

export interface UpdatedUser {
  /** Id of the user. */
  id: string
  /** Company the user belongs to. */
  companyId: string
  name: string
  role: Role
  email: string | null
  /** The host application's own id. */
  externalId: string | null
  /** The application's own permissions the user has; null: every one its role allows. */
  permissions: readonly string[] | null
  /** inactive: none of the user’s keys and tokens works. */
  status: "active" | "inactive"
  /** When the user was created. */
  createdAt: string
  /** When the user last changed. */
  updatedAt: string
  /** The active keys that may do more after this change, by whose hand they were made: 20 makers at most. None ever does more than its maker could give when it was made. */
  growingKeys: ReadonlyArray<{
    /** Who made them; null: made on the host. */
    createdBy: string | null
    /** How many keys. */
    count: number
  }>
  /** The user’s password and sessions ended with this change: whoever gave the password could not give what the user may do now. Invite the user again. */
  passwordEnded: boolean
}

export interface Invitation {
  /** For POST /auth/password, once. */
  token: string
  /** When the token stops working. */
  expiresAt: string
}

export interface CompanyCreate {
  name: string
  /** The host application's own id, unique in its company. */
  externalId?: string | null
}

export interface CompanyUpdate {
  name?: string
  /** The host application's own id, unique in its company. */
  externalId?: string | null
  /** inactive stops all of the company’s keys and tokens. */
  status?: "active" | "inactive"
}

export interface Company {
  /** Id of the company. */
  id: string
  name: string
  /** The host application's own id. */
  externalId: string | null
  /** inactive: none of the company’s keys and tokens works. */
  status: "active" | "inactive"
  /** When the company was created. */
  createdAt: string
  /** When the company last changed. */
  updatedAt: string
}

export interface CompanyList {
  /** HTTP status of this answer, repeated in the body. */
  status: number
  /** How many companies match the filter, over all pages. */
  total: number
  /** How many companies are in `data`. */
  count: number
  /** Address of the next page, null on the last. */
  nextUrl: string | null
  /** Address of the previous page, null on the first. */
  previousUrl: string | null
  /** The companies of this page. */
  data: readonly Company[]
  /** true when more companies match a search than were counted (10,000). */
  totalIsMinimum?: boolean
}

export interface AuditEvent {
  id: string
  companyId: string
  /** Place in the company’s chain, from 1, without a gap. */
  sequence: number
  /** When it happened. */
  at: string
  /** What happened. Later releases may add some. */
  action: "company.created" | "company.updated" | "user.created" | "user.updated" | "user.invited" | "user.password_set" | "user.password_ended" | "user.deleted" | "key.created" | "key.updated" | "key.deleted" | "key.rotated" | "key.rotation_changed" | "key.rotation_cancelled" | "keys.imported" | "session.started" | "session.ended" | "user.sessions_ended" | "console.link_created" | "store.accepted" | "store.companies_sealed" | "store.companies_accepted" | "audit.chain_broken" | "audit.break_accepted" | "audit.pruned"
  actor: {
    /** What vouched for the change; host: a command run on the server itself; service: the service, which nobody asked. */
    type: "key" | "session" | "user" | "host" | "service" | "none"
    id: string | null
    /** The user the actor’s credential stands for. */
    userId: string | null
  }
  object: {
    type: "key" | "user" | "company" | "session"
    id: string
  }
  /** Where the request came from. */
  address: string | null
  requestId: string | null
  /** What changed, by field: [before, after]. Never a secret; "[personal]" stands for a value a person can be known by. */
  changes: Record<string, unknown>
  /** Keyed hash over the previous event’s hash and this event, in hexadecimal. */
  hash: string
}

export interface AuditEventList {
  /** HTTP status of this answer, repeated in the body. */
  status: number
  /** How many events match the filter, over all pages. */
  total: number
  /** How many events are in `data`. */
  count: number
  /** Address of the next page, null on the last. */
  nextUrl: string | null
  /** Address of the previous page, null on the first. */
  previousUrl: string | null
  /** The events of this page. */
  data: readonly AuditEvent[]
  /** true when more events match than were counted (10,000). */
  totalIsMinimum?: boolean
}

export interface Health {
  status: "ok"
}

export interface Readiness {
  status: "ready"
  store: "sqlite" | "postgres"
}

/** RFC 9457 problem details. message repeats detail for clients that read only status and message. */
export interface Problem {
  /** Address of the page that explains the code. */
  type: string
  /** Short text for the code. */
  title: string
  /** HTTP status. */
  status: number
  /** What went wrong this time and how to fix it. */
  detail: string
  /** Same text as detail. */
  message: string
  /** Stable, machine-readable. Later releases may add some. */
  code: "malformed_request" | "malformed_json" | "invalid_body" | "missing_field" | "invalid_field" | "unknown_field" | "read_only_field" | "invalid_parameter" | "unknown_parameter" | "duplicate_parameter" | "conflicting_parameters" | "invalid_cursor" | "user_not_found" | "invalid_ip" | "multiple_credentials" | "missing_credentials" | "invalid_credentials" | "key_inactive" | "key_expired" | "user_inactive" | "company_inactive" | "token_expired" | "missing_permission" | "permission_escalation" | "ip_not_allowed" | "client_ip_unknown" | "cross_site_request" | "https_required" | "key_not_found" | "company_not_found" | "rotation_not_found" | "session_not_found" | "route_not_found" | "method_not_allowed" | "not_acceptable" | "request_timeout" | "idempotency_in_progress" | "already_exists" | "last_owner" | "user_has_keys" | "quota_exceeded" | "operator_company" | "key_not_active" | "rotation_open" | "precondition_failed" | "payload_too_large" | "unsupported_media_type" | "idempotency_key_reused" | "rate_limited" | "key_rate_limited" | "headers_too_large" | "internal_error" | "unavailable" | "audit_broken" | "cannot_verify"
  requestId: string
  /** One entry per offending input. */
  errors?: ReadonlyArray<{
    /** JSON Pointer into the body. */
    pointer?: string
    /** Query or path parameter. */
    parameter?: string
    header?: string
    /** From the same list as the code of the whole. */
    code: string
    detail: string
    suggestion?: string
  }>
}

export interface ListApiKeysQuery {
  /** Keep only keys in this state. */
  status?: "active" | "inactive" | "all"
  /** The most results one page may hold. */
  limit?: number
  /** Id of an item; the page begins with the one that follows it in list order. */
  startingAfter?: string
  /** Id of an item; the page ends with the one that precedes it in list order. */
  endingBefore?: string
  /** How many results to skip from the start. */
  offset?: number
  /** Keep only keys of this user. */
  userId?: string
  /** Keep only keys whose description, id or last four characters contain this text. */
  search?: string
  /** true: only keys restricted to addresses; false: only keys that are not. */
  restricted?: boolean
  /** Keep only keys made before this moment and not used since. */
  unusedSince?: string
  /** Keep only keys that expire before this moment. */
  expiringBefore?: string
}

export interface GetKeyUsageQuery {
  /** First day, in UTC; 29 days before `to` where it is not said. */
  from?: string
  /** Last day, in UTC, at most 400 days with `from`; today where it is not said. */
  to?: string
}

export interface ListUsageQuery {
  /** First day, in UTC; 29 days before `to` where it is not said. */
  from?: string
  /** Last day, in UTC, at most 400 days with `from`; today where it is not said. */
  to?: string
  /** What the counts are summed by: day answers the latest first, the others the most used. */
  by?: "day" | "key" | "code" | "user"
  /** The most results one page may hold. */
  limit?: number
  /** How many results to skip from the start. */
  offset?: number
}

export interface ListUsersQuery {
  /** The most results one page may hold. */
  limit?: number
  /** Id of an item; the page begins with the one that follows it in list order. */
  startingAfter?: string
  /** Id of an item; the page ends with the one that precedes it in list order. */
  endingBefore?: string
  /** How many results to skip from the start. */
  offset?: number
  /** Keep only the user with this external id. */
  externalId?: string
  /** Keep only users whose name, email address, external id or id contain this text. */
  search?: string
}

export interface ListCompaniesQuery {
  /** The most results one page may hold. */
  limit?: number
  /** Id of an item; the page begins with the one that follows it in list order. */
  startingAfter?: string
  /** Id of an item; the page ends with the one that precedes it in list order. */
  endingBefore?: string
  /** How many results to skip from the start. */
  offset?: number
  /** Keep only the company with this external id. */
  externalId?: string
  /** Keep only companies whose name, external id or id contain this text. */
  search?: string
}

export interface ListAuditEventsQuery {
  /** The most results one page may hold. */
  limit?: number
  /** Id of an item; the page begins with the one that follows it in list order. */
  startingAfter?: string
  /** Id of an item; the page ends with the one that precedes it in list order. */
  endingBefore?: string
  /** How many results to skip from the start. */
  offset?: number
  /** Keep only what this key or session did, or this user with whatever key or session. */
  actorId?: string
  /** Keep only this action, for example key.deleted. */
  action?: string
  /** Keep only what was done to this key, user, company or session. */
  objectId?: string
  /** Keep only what happened at or after this moment. */
  since?: string
  /** Keep only what happened before this moment. */
  until?: string
}

/** What each operation takes and answers. */
export interface Operations {
  listApiKeys: { query: ListApiKeysQuery; body: undefined; answer: ApiKeyList }
  createApiKey: { query: undefined; body: ApiKeyCreate; answer: ApiKey }
  getApiKey: { query: undefined; body: undefined; answer: ApiKey }
  updateApiKey: { query: undefined; body: ApiKeyUpdate; answer: ApiKey }
  deleteApiKey: { query: undefined; body: undefined; answer: undefined }
  rotateApiKey: { query: undefined; body: RotationCreate; answer: ApiKey }
  updateRotation: { query: undefined; body: RotationUpdate; answer: ApiKey }
  importApiKeys: { query: undefined; body: ImportRequest; answer: ImportResult }
  cancelRotation: { query: undefined; body: undefined; answer: undefined }
  verifyApiKey: { query: undefined; body: VerifyRequest; answer: VerifyResult }
  verifyApiKeys: { query: undefined; body: VerifyBatchRequest; answer: VerifyBatchResult }
  getKeyRecord: { query: undefined; body: KeyRecordRequest; answer: KeyRecordResult }
  followChanges: { query: undefined; body: ChangesRequest; answer: ChangesResult }
  reportUsage: { query: undefined; body: UsageReport; answer: UsageReportResult }
  getKeyUsage: { query: GetKeyUsageQuery; body: undefined; answer: KeyUsage }
  previewAllowlist: { query: undefined; body: AllowlistPreviewRequest; answer: AllowlistPreview }
  listUsage: { query: ListUsageQuery; body: undefined; answer: UsageList }
  getMe: { query: undefined; body: undefined; answer: Me }
  createSession: { query: undefined; body: SignIn; answer: Token }
  renewSession: { query: undefined; body: undefined; answer: Token }
  endSession: { query: undefined; body: undefined; answer: Done }
  createShortLivedToken: { query: undefined; body: ShortLivedTokenRequest; answer: Token }
  setPassword: { query: undefined; body: SetPassword; answer: Done }
  listUsers: { query: ListUsersQuery; body: undefined; answer: UserList }
  createUser: { query: undefined; body: UserCreate; answer: User }
  getUser: { query: undefined; body: undefined; answer: User }
  updateUser: { query: undefined; body: UserUpdate; answer: UpdatedUser }
  deleteUser: { query: undefined; body: undefined; answer: undefined }
  createInvitation: { query: undefined; body: undefined; answer: Invitation }
  listCompanies: { query: ListCompaniesQuery; body: undefined; answer: CompanyList }
  createCompany: { query: undefined; body: CompanyCreate; answer: Company }
  getCompany: { query: undefined; body: undefined; answer: Company }
  updateCompany: { query: undefined; body: CompanyUpdate; answer: Company }
  listAuditEvents: { query: ListAuditEventsQuery; body: undefined; answer: AuditEventList }
  getHealth: { query: undefined; body: undefined; answer: Health }
  getReadiness: { query: undefined; body: undefined; answer: Readiness }
}

/** isCreating: it takes an Idempotency-Key; isOpen: no credential. */
interface Route {
  readonly method: string
  readonly path: string
  readonly isCreating?: true
  readonly isOpen?: true
}

/** Where each operation is found. */
export const ROUTES: Readonly<Record<keyof Operations, Route>> = {
  listApiKeys: { method: 'GET', path: '/keys' },
  createApiKey: { method: 'POST', path: '/keys', isCreating: true },
  getApiKey: { method: 'GET', path: '/keys/{keyId}' },
  updateApiKey: { method: 'PATCH', path: '/keys/{keyId}' },
  deleteApiKey: { method: 'DELETE', path: '/keys/{keyId}' },
  rotateApiKey: { method: 'POST', path: '/keys/{keyId}/rotation', isCreating: true },
  updateRotation: { method: 'PATCH', path: '/keys/{keyId}/rotation' },
  importApiKeys: { method: 'POST', path: '/keys/import' },
  cancelRotation: { method: 'DELETE', path: '/keys/{keyId}/rotation' },
  verifyApiKey: { method: 'POST', path: '/verify' },
  verifyApiKeys: { method: 'POST', path: '/verify/batch' },
  getKeyRecord: { method: 'POST', path: '/verify/record' },
  followChanges: { method: 'POST', path: '/changes' },
  reportUsage: { method: 'POST', path: '/usage/reports' },
  getKeyUsage: { method: 'GET', path: '/keys/{keyId}/usage' },
  previewAllowlist: { method: 'POST', path: '/keys/{keyId}/allowlist-preview' },
  listUsage: { method: 'GET', path: '/usage' },
  getMe: { method: 'GET', path: '/me' },
  createSession: { method: 'POST', path: '/auth/token', isOpen: true },
  renewSession: { method: 'PUT', path: '/auth/token' },
  endSession: { method: 'DELETE', path: '/auth/token' },
  createShortLivedToken: { method: 'POST', path: '/auth/token/short-lived' },
  setPassword: { method: 'POST', path: '/auth/password', isOpen: true },
  listUsers: { method: 'GET', path: '/users' },
  createUser: { method: 'POST', path: '/users', isCreating: true },
  getUser: { method: 'GET', path: '/users/{userId}' },
  updateUser: { method: 'PATCH', path: '/users/{userId}' },
  deleteUser: { method: 'DELETE', path: '/users/{userId}' },
  createInvitation: { method: 'POST', path: '/users/{userId}/invitation' },
  listCompanies: { method: 'GET', path: '/companies' },
  createCompany: { method: 'POST', path: '/companies', isCreating: true },
  getCompany: { method: 'GET', path: '/companies/{companyId}' },
  updateCompany: { method: 'PATCH', path: '/companies/{companyId}' },
  listAuditEvents: { method: 'GET', path: '/audit' },
  getHealth: { method: 'GET', path: '/healthz', isOpen: true },
  getReadiness: { method: 'GET', path: '/readyz', isOpen: true },
}
