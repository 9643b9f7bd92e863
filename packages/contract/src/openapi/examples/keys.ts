import type { ApiKey } from '../../schemas/keys.ts'
import { EXAMPLE_IDS, EXAMPLE_MASKED, EXAMPLE_SECRET, type ExamplesOf } from './example.ts'

const restricted: ApiKey = {
  id: EXAMPLE_IDS.key,
  companyId: EXAMPLE_IDS.company,
  userId: EXAMPLE_IDS.user,
  key: EXAMPLE_MASKED,
  whitelistedIPs: ['198.51.100.7', '10.10.0.0/16', '2001:db8::/64'],
  status: 'active',
  createdAt: '2026-11-20T09:30:00.000Z',
  updatedAt: '2026-11-20T09:30:00.000Z',
  deletedAt: null,
  description: 'Nightly import',
  expiresAt: '2030-11-20T00:00:00.000Z',
  permissions: ['orders:read'],
  mode: 'live',
  metadata: { team: 'logistics' },
  rateLimits: [{ name: 'per-minute', limit: 100, windowSeconds: 60 }],
  quota: { limit: 10_000, period: 'month' },
  enabled: true,
  statusReason: null,
  createdBy: EXAMPLE_IDS.adminKey,
  lastUsedAt: '2026-11-22T06:14:09.412Z',
  lastAddress: '198.51.100.7',
  lastRefusedAt: '2026-11-21T23:40:02.118Z',
  lastRefusedCode: 'IP_NOT_ALLOWED',
  lastRefusedAddress: '203.0.113.9',
  rotation: null,
  imported: null,
}
const unused = {
  lastUsedAt: null,
  lastAddress: null,
  lastRefusedAt: null,
  lastRefusedCode: null,
  lastRefusedAddress: null,
}
const created: ApiKey = { ...restricted, ...unused, key: EXAMPLE_SECRET }
const unrestricted: ApiKey = {
  ...restricted,
  id: EXAMPLE_IDS.olderKey,
  key: 'lk_live_9hTb...0xQe',
  whitelistedIPs: null,
  createdAt: '2026-11-19T17:05:41.120Z',
  updatedAt: '2026-11-19T17:05:41.120Z',
  description: null,
  expiresAt: null,
  permissions: null,
  metadata: {},
  rateLimits: null,
  quota: null,
  ...unused,
}
const rotated: ApiKey = {
  ...restricted,
  updatedAt: '2026-11-22T08:00:00.000Z',
  key: 'lk_live_7pQx...mB4d',
  rotation: {
    startedAt: '2026-11-22T08:00:00.000Z',
    previousEndsAt: '2026-11-23T08:00:00.000Z',
    previousKey: EXAMPLE_MASKED,
    newFirstUsedAt: '2026-11-22T08:01:12.907Z',
    previousLastUsedAt: '2026-11-22T08:04:30.112Z',
    previousLastAddress: '198.51.100.7',
  },
}
const deleted: ApiKey = {
  ...restricted,
  status: 'inactive',
  updatedAt: '2026-11-22T08:00:00.000Z',
  deletedAt: '2026-11-22T08:00:00.000Z',
  statusReason: 'deleted',
}

export const keyExamples = {
  listApiKeys: {
    answer: {
      firstPage: {
        summary: 'First of two pages',
        value: {
          status: 200,
          total: 3,
          count: 2,
          nextUrl: `http://localhost:7070/keys?status=active&limit=2&startingAfter=${unrestricted.id}`,
          previousUrl: null,
          data: [restricted, unrestricted],
        },
      },
      empty: {
        summary: 'No key matches',
        value: { status: 200, total: 0, count: 0, nextUrl: null, previousUrl: null, data: [] },
      },
    },
  } satisfies ExamplesOf<'listApiKeys'>,
  createApiKey: {
    request: {
      restricted: {
        summary: 'Restricted to addresses, with an end',
        value: {
          userId: EXAMPLE_IDS.user,
          whitelistedIPs: ['198.51.100.7', '10.10.0.0/16', '2001:db8::/64'],
          description: 'Nightly import',
          expiresAt: '2030-11-20T00:00:00Z',
          permissions: ['orders:read'],
          metadata: { team: 'logistics' },
          rateLimits: [{ name: 'per-minute', limit: 100, windowSeconds: 60 }],
          quota: { limit: 10_000, period: 'month' },
        },
      },
      unrestricted: { summary: 'Usable from everywhere', value: { userId: EXAMPLE_IDS.user } },
    },
    answer: { created: { summary: 'The only answer that holds the whole secret', value: created } },
  } satisfies ExamplesOf<'createApiKey'>,
  getApiKey: {
    answer: {
      active: { summary: 'An active key', value: restricted },
      deleted: { summary: 'A deleted key stays readable', value: deleted },
    },
  } satisfies ExamplesOf<'getApiKey'>,
  updateApiKey: {
    request: {
      unrestrict: {
        summary: 'Lift the restriction to addresses',
        value: { whitelistedIPs: null, description: 'Nightly import, from anywhere' },
      },
      disable: { summary: 'Disable the key', value: { enabled: false } },
    },
    answer: {
      changed: {
        summary: 'The key as it is now',
        value: {
          ...restricted,
          whitelistedIPs: null,
          updatedAt: '2026-11-22T07:30:00.000Z',
          description: 'Nightly import, from anywhere',
        },
      },
    },
  } satisfies ExamplesOf<'updateApiKey'>,
  rotateApiKey: {
    request: {
      day: { summary: 'The old secret lives for an hour', value: { overlapSeconds: 3_600 } },
      now: { summary: 'The old secret is dead when this is answered', value: { overlapSeconds: 0 } },
    },
    answer: {
      rotated: {
        summary: 'The only answer that holds the whole new secret',
        value: {
          ...rotated,
          key: EXAMPLE_SECRET,
          rotation: {
            startedAt: '2026-11-22T08:00:00.000Z',
            previousEndsAt: '2026-11-22T09:00:00.000Z',
            previousKey: EXAMPLE_MASKED,
            newFirstUsedAt: null,
            previousLastUsedAt: null,
            previousLastAddress: null,
          },
        },
      },
    },
  } satisfies ExamplesOf<'rotateApiKey'>,
  updateRotation: {
    request: { later: { summary: 'A day more', value: { previousEndsAt: '2026-11-23T08:00:00Z' } } },
    answer: { moved: { summary: 'The key, with its rotation', value: rotated } },
  } satisfies ExamplesOf<'updateRotation'>,
  cancelRotation: {} satisfies ExamplesOf<'cancelRotation'>,
  importApiKeys: {
    request: {
      hashes: {
        summary: 'Two keys of which the old system kept hashes',
        value: {
          source: 'unkey',
          format: 'sha256',
          createUsers: true,
          keys: [
            {
              hash: 'n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=',
              externalUserId: 'customer-17',
              prefix: 'shop_',
              permissions: ['orders:read'],
            },
            { hash: 'not a hash', externalUserId: 'customer-18' },
          ],
        },
      },
    },
    answer: {
      imported: {
        summary: 'What became of each row',
        value: {
          dryRun: false,
          created: 1,
          exists: 0,
          refused: 1,
          rows: [
            { line: 1, outcome: 'created', keyId: EXAMPLE_IDS.key, reason: null, notes: [] },
            {
              line: 2,
              outcome: 'refused',
              keyId: null,
              reason: 'the hash has 10 characters that are neither hex nor base64.',
              notes: [],
            },
          ],
        },
      },
    },
  } satisfies ExamplesOf<'importApiKeys'>,
  deleteApiKey: {} satisfies ExamplesOf<'deleteApiKey'>,
}
