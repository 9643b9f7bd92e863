import {
  APISIX,
  APISIX_CREDENTIAL,
  APISIX_CREDENTIAL_DENIED,
  APISIX_DENIED,
  AUTHTOKEN,
  AWS,
  AWS_OFF,
  BEFORE,
  DECK,
  DECK_BOUND,
  DECK_TTL,
  DRF,
  DRF_ENDED,
  DRF_REVOKED,
  ENDED,
  FULL,
  LATER,
  LITE,
  LITE_OFF,
  OFF,
  PLAIN,
  SANCTUM,
  SANCTUM_ALL,
  SANCTUM_ENDED,
  SPENT,
  TABLE,
  TABLE_ENDED,
  TYK,
  TYK_ENDED,
  TYK_LOGIN,
  TYK_OFF,
  TYK_QUOTA,
  UNKEY,
  UNKEY_GONE,
  UNKEY_OFF,
  UNKEY_OLD,
} from './texts.ts'

/** What the old system does with a text, and so what is right here. */
export type KnownText = {
  readonly text: string
  /** `refused`: its row does not come in. */
  readonly code: 'VALID' | 'EXPIRED' | 'INACTIVE' | 'refused' | 'unknown'
  /** null: the user of `--user`. */
  readonly owner?: string | null
  readonly permissions?: readonly string[]
  readonly whitelistedIPs?: readonly string[]
  readonly expiresAt?: string
  readonly rateLimits?: readonly object[]
  readonly quota?: object
}

/** One block of commands on the page: what of the old system it is run against. */
export type OldSystem = {
  readonly section: string
  /** Which block of the section, from 0. */
  readonly block: number
  /** A text that works there, for `--check`. */
  readonly check?: string
  readonly texts: readonly KnownText[]
}

const APPLICATION = ['*:*']

export const OLD_SYSTEMS: readonly OldSystem[] = [
  {
    section: 'better-auth',
    block: 0,
    check: PLAIN,
    texts: [
      { text: PLAIN, code: 'VALID', owner: 'org_1', permissions: APPLICATION },
      {
        text: FULL,
        code: 'VALID',
        owner: 'org_2',
        permissions: ['orders:read', 'orders:write'],
        expiresAt: LATER,
      },
      { text: OFF, code: 'INACTIVE', owner: 'org_1' },
      { text: ENDED, code: 'EXPIRED', owner: 'org_1', expiresAt: BEFORE },
      { text: SPENT, code: 'INACTIVE', owner: 'org_1' },
      { text: `${PLAIN}x`, code: 'unknown' },
    ],
  },
  {
    section: 'better-auth',
    block: 1,
    check: LITE,
    texts: [
      { text: LITE, code: 'VALID', owner: 'user-7', permissions: APPLICATION },
      { text: LITE_OFF, code: 'INACTIVE', owner: 'user-7' },
    ],
  },
  {
    section: 'Unkey',
    block: 0,
    check: UNKEY,
    texts: [
      {
        text: UNKEY,
        code: 'VALID',
        owner: 'customer-1',
        permissions: ['app:domains.create_record'],
        expiresAt: LATER,
        rateLimits: [{ name: 'per-minute', limit: 100, windowSeconds: 60 }],
        quota: { limit: 1_000, period: 'day' },
      },
      { text: UNKEY_OFF, code: 'INACTIVE', owner: 'owner-2', permissions: [] },
      { text: UNKEY_GONE, code: 'refused' },
      { text: UNKEY_OLD, code: 'EXPIRED', owner: 'id_3', permissions: [], expiresAt: BEFORE },
    ],
  },
  {
    section: 'Kong',
    block: 0,
    texts: [
      { text: DECK, code: 'VALID', owner: 'cust-1', permissions: APPLICATION },
      { text: DECK_TTL, code: 'EXPIRED', owner: 'cust-1', permissions: APPLICATION },
      {
        text: DECK_BOUND,
        code: 'VALID',
        owner: 'jill',
        permissions: ['group:gold'],
        whitelistedIPs: ['192.0.2.7', '10.0.0.0/8'],
      },
    ],
  },
  {
    section: 'Kong',
    block: 1,
    texts: [
      { text: TABLE, code: 'VALID', owner: 'cust-1', permissions: APPLICATION, expiresAt: LATER },
      { text: TABLE_ENDED, code: 'EXPIRED', owner: 'joe', permissions: APPLICATION, expiresAt: BEFORE },
    ],
  },
  {
    section: 'Tyk',
    block: 0,
    check: TYK,
    texts: [
      { text: TYK, code: 'VALID', owner: null, permissions: ['api:9f3c', 'policy:5ead7120575961000181867e'] },
      { text: TYK_OFF, code: 'INACTIVE', owner: null },
      { text: TYK_ENDED, code: 'EXPIRED', owner: null, expiresAt: BEFORE },
      { text: TYK_LOGIN, code: 'refused' },
      { text: TYK_QUOTA, code: 'refused' },
    ],
  },
  {
    section: 'APISIX',
    block: 0,
    texts: [
      {
        text: APISIX,
        code: 'VALID',
        owner: 'jack',
        permissions: APPLICATION,
        whitelistedIPs: ['10.0.0.0/8'],
      },
      { text: APISIX_DENIED, code: 'refused' },
      {
        text: APISIX_CREDENTIAL,
        code: 'VALID',
        owner: 'jack',
        permissions: APPLICATION,
        whitelistedIPs: ['10.0.0.0/8'],
      },
      { text: APISIX_CREDENTIAL_DENIED, code: 'refused' },
    ],
  },
  {
    section: 'Amazon API Gateway',
    block: 0,
    texts: [
      { text: AWS, code: 'VALID', owner: 'customer-9', permissions: APPLICATION },
      { text: AWS_OFF, code: 'INACTIVE', owner: null },
    ],
  },
  {
    section: 'Laravel Sanctum',
    block: 0,
    check: SANCTUM,
    texts: [
      { text: SANCTUM, code: 'VALID', owner: '7', permissions: ['app:read', 'orders:write'] },
      { text: SANCTUM.slice(3), code: 'VALID', owner: '7', permissions: ['app:read', 'orders:write'] },
      { text: SANCTUM_ALL, code: 'VALID', owner: 'Team:7', permissions: APPLICATION },
      { text: SANCTUM_ENDED, code: 'EXPIRED', owner: '7', permissions: ['app:read'], expiresAt: BEFORE },
    ],
  },
  {
    section: 'Django',
    block: 0,
    check: DRF,
    texts: [
      { text: DRF, code: 'VALID', owner: null, permissions: APPLICATION },
      { text: DRF_REVOKED, code: 'refused' },
      { text: DRF_ENDED, code: 'EXPIRED', owner: null, expiresAt: BEFORE },
      { text: DRF.slice(9), code: 'unknown' },
    ],
  },
  {
    section: 'Django',
    block: 1,
    texts: [{ text: AUTHTOKEN, code: 'VALID', owner: '42', permissions: APPLICATION }],
  },
]
