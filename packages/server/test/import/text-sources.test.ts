import { expect } from 'vitest'
import {
  ACME,
  base64,
  type Case,
  csvOf,
  describeSources,
  EXPORTED_AT,
  linesOf,
  OTHER,
  sha256,
} from './expected-keys.ts'

const CASES: readonly Case[] = [
  {
    source: 'kong',
    name: 'a dump of deck',
    options: { exportedAtMs: EXPORTED_AT },
    file: `_format_version: "3.0"
services:
- name: orders
  url: http://orders
consumers:
- custom_id: cust-1
  keyauth_credentials:
  - key: ${ACME}
    ttl: 3600
  - key: ${OTHER}
    tags: [mobile]
  - key: short
  username: jack
- username: jill
  acls:
  - group: Gold
  keyauth_credentials:
  - key: "DovOzH7VOuKlJ3SPr8dhNEACzW3S81Z1"
  plugins:
  - name: ip-restriction
    config:
      allow: [192.0.2.7, 10.0.0.0/8]
- username: anonymous
`,
    keys: {
      [ACME]: {
        owner: 'cust-1',
        expiresAt: '2026-11-28T05:00:00.000Z',
        more: { metadata: { 'kong.username': 'jack' } },
      },
      [OTHER]: {
        owner: 'cust-1',
        more: { metadata: { 'kong.username': 'jack', 'kong.tags': '["mobile"]' } },
      },
      DovOzH7VOuKlJ3SPr8dhNEACzW3S81Z1: {
        owner: 'jill',
        permissions: ['group:gold'],
        more: { whitelistedIPs: ['192.0.2.7', '10.0.0.0/8'] },
      },
    },
    refused: [/^6: the key has 5 characters/],
  },
  {
    source: 'kong',
    name: 'an export of kong config, and one key too many seconds old',
    file: `_format_version: '3.0'
keyauth_credentials:
- created_at: 1734329245
  key: 4174348a-9222-4e81-b33e-5d72d2fd7f1e
  tags: ~
  id: 6b9443ae-73f0-4db6-af00-4f1e3a415dbb
  consumer: 59d1ef15-24a5-4373-b957-e8192c15ff6e
  ttl: ~
- key: ${ACME}
  consumer: 59d1ef15-24a5-4373-b957-e8192c15ff6e
  ttl: 17
`,
    keys: {
      '4174348a-9222-4e81-b33e-5d72d2fd7f1e': {
        owner: '59d1ef15-24a5-4373-b957-e8192c15ff6e',
        more: { createdAt: '2024-12-16T06:07:25.000Z' },
      },
    },
    refused: [/^9: its ttl counts from the moment of the export/],
  },
  {
    source: 'kong',
    name: 'the table',
    file: csvOf(
      ['id', 'created_at', 'consumer_id', 'key', 'tags', 'ttl', 'ws_id', 'custom_id'],
      [
        '2ffc54ce-b8a1-4fa3-95b3-b66cb98b2077',
        '2022-06-30 12:47:56+00',
        '51c44ada-fea6-43fc-b75d-3d69a973eca7',
        'DovOzH7VOuKlJ3SPr8dhNEACzW3S81Z1',
        '\\N',
        '2027-01-31 01:00:00+01',
        '8472221a-9632-4b1c-9cfb-25fb3efaad8d',
        'cust-1',
      ],
    ),
    keys: {
      DovOzH7VOuKlJ3SPr8dhNEACzW3S81Z1: {
        owner: 'cust-1',
        expiresAt: '2027-01-31T00:00:00.000Z',
        more: { createdAt: '2022-06-30T12:47:56.000Z' },
      },
    },
  },
  {
    source: 'kong',
    name: 'an answer of the Admin API',
    file: JSON.stringify({
      data: [{ consumer: { id: 'c-1' }, created_at: 1734329245, id: 'x', key: ACME, tags: null }],
      next: null,
    }),
    keys: { [ACME]: { owner: 'c-1' } },
  },
  {
    source: 'apisix',
    name: 'an answer of the Admin API',
    file: JSON.stringify({
      total: 4,
      list: [
        {
          key: '/apisix/consumers/jack',
          value: {
            username: 'jack',
            desc: 'Jack',
            create_time: 1734329245,
            update_time: 1734329245,
            plugins: { 'key-auth': { key: ACME }, 'limit-count': { count: 2 } },
            labels: { tier: 'gold' },
          },
          modifiedIndex: 12,
          createdIndex: 11,
        },
        {
          key: '/apisix/consumers/jill',
          value: { username: 'jill', plugins: { 'ip-restriction': { whitelist: ['192.0.2.0/24'] } } },
        },
        {
          key: '/apisix/consumers/jill/credentials/cred-1',
          value: { id: 'cred-1', plugins: { 'key-auth': { key: OTHER } } },
        },
        {
          key: '/apisix/consumers/joe',
          value: { username: 'joe', plugins: { 'key-auth': { key: '$secret://vault/1/joe/key' } } },
        },
      ],
    }),
    keys: {
      [ACME]: {
        owner: 'jack',
        more: {
          description: 'Jack',
          createdAt: '2024-12-16T06:07:25.000Z',
          metadata: expect.objectContaining({ tier: 'gold', 'apisix.limit-count': '{"count":2}' }),
        },
      },
      [OTHER]: { owner: 'jill', more: { whitelistedIPs: ['192.0.2.0/24'] } },
    },
    refused: [/^1: its key is a reference to a store of secrets/],
  },
  {
    source: 'apisix',
    name: 'what etcdctl writes',
    file: JSON.stringify({
      header: { revision: 5 },
      kvs: [
        {
          key: base64('/apisix/consumers/jack'),
          mod_revision: 3,
          value: base64(JSON.stringify({ username: 'jack', plugins: { 'key-auth': { key: ACME } } })),
        },
        {
          key: base64('/apisix/consumers/jill'),
          mod_revision: 4,
          value: base64(
            JSON.stringify({
              username: 'jill',
              plugins: { 'key-auth': { key: 'U2FsdGVkX1+vupppZksvRf5pq5g5XjFRIipRkwB0K1Y=' } },
            }),
          ),
        },
      ],
      count: 2,
    }),
    keys: { [ACME]: { owner: 'jack' } },
    refused: [/^1: its key looks encrypted/],
  },
  {
    source: 'aws',
    name: 'the CSV of API Gateway',
    file: csvOf(
      ['Name', 'key', 'description', 'Enabled', 'usageplanIds'],
      [
        'MyFirstApiKey',
        'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0',
        'An imported key',
        'TRUE',
        'c7y23b,glvrsr',
      ],
      ['Second', 'Zq9Wx8Ec7Rv6Tb5Yn4Um3Ik2Ol1Pa0Sd9Fg8Hj7K', '', 'false', ''],
    ),
    keys: {
      a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0: {
        owner: undefined,
        more: {
          description: 'MyFirstApiKey',
          metadata: { 'aws.description': 'An imported key', 'aws.usageplanIds': 'c7y23b,glvrsr' },
        },
      },
      Zq9Wx8Ec7Rv6Tb5Yn4Um3Ik2Ol1Pa0Sd9Fg8Hj7K: { owner: undefined, status: 'disabled' },
    },
  },
  {
    source: 'aws',
    name: 'the answer of get-api-keys',
    file: JSON.stringify({
      items: [
        {
          id: 'abc123',
          value: 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0',
          name: 'k',
          customerId: 'cust-9',
          enabled: true,
          createdDate: '2024-01-01T00:00:00+01:00',
          lastUpdatedDate: 1704063600,
          stageKeys: [],
          tags: { env: 'prod' },
        },
      ],
    }),
    keys: {
      a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0: {
        owner: 'cust-9',
        more: { createdAt: '2023-12-31T23:00:00.000Z', metadata: expect.objectContaining({ env: 'prod' }) },
      },
    },
  },
  {
    source: 'csv',
    name: 'a file with texts and hashes',
    file: csvOf(
      [
        'Key',
        'hash',
        'format',
        'external_user_id',
        'description',
        'permissions',
        'whitelisted_ips',
        'expires_at',
        'enabled',
        'team',
      ],
      [
        ACME,
        '',
        '',
        'u1',
        'with, comma',
        'orders:read keys:verify',
        '192.0.2.7,10.0.0.0/8',
        '2027-01-31',
        'yes',
        'red',
      ],
      [
        '',
        sha256('part').toString('hex').toUpperCase(),
        'sha256:after-last-underscore',
        'u2',
        '',
        '',
        '',
        '',
        'no',
        '',
      ],
      ['', sha256('x').toString('hex'), 'md5', 'u2', '', '', '', '', '', ''],
    ),
    keys: {
      [ACME]: {
        owner: 'u1',
        permissions: ['orders:read', 'keys:verify'],
        expiresAt: '2027-01-31T00:00:00.000Z',
        more: {
          whitelistedIPs: ['192.0.2.7', '10.0.0.0/8'],
          description: 'with, comma',
          metadata: { team: 'red' },
          notes: ['Kept as metadata: team.'],
        },
      },
      a_b_part: { owner: 'u2', status: 'disabled' },
    },
    refused: [/^4: its format md5 is broken/],
  },
  {
    source: 'ndjson',
    name: 'a file for the import',
    file: linesOf(
      {
        key: ACME,
        userId: 'usr_1',
        externalUserId: 'u1',
        permissions: [],
        whitelistedIPs: null,
        expiresAt: '2027-01-31T00:00:00Z',
        status: 'deleted',
        mode: 'test',
        metadata: { a: 'b' },
        lastFour: 'VmBdG',
      },
      { key: OTHER, externalUserId: 'u1', whitelistedIPs: '' },
    ),
    keys: {
      [ACME]: {
        owner: undefined,
        status: 'deleted',
        permissions: [],
        expiresAt: '2027-01-31T00:00:00.000Z',
        more: { userId: 'usr_1', mode: 'test', metadata: { a: 'b' } },
      },
    },
    refused: [/^2: its list of addresses: "" holds no address/],
  },
]

describeSources(CASES)
