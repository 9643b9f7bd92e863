import { EXAMPLE_IDS, type ExamplesOf } from './example.ts'

const countedUntil = '2026-11-22T08:04:55.000Z'
const office = {
  network: '198.51.100.7',
  address: '198.51.100.7',
  firstAt: '2026-11-20T09:31:12.004Z',
  lastAt: '2026-11-22T06:14:09.412Z',
}
const elsewhere = {
  network: '2001:db8:5:1::/64',
  address: '2001:db8:5:1::7',
  firstAt: '2026-11-21T23:40:02.118Z',
  lastAt: '2026-11-21T23:40:02.118Z',
}

export const usageExamples = {
  getKeyUsage: {
    answer: {
      days: {
        summary: 'Two days',
        value: {
          from: '2026-10-24',
          to: '2026-11-22',
          days: [
            { date: '2026-11-21', counts: { VALID: 1_204, IP_NOT_ALLOWED: 3 }, previousSecret: 0 },
            { date: '2026-11-22', counts: { VALID: 311 }, previousSecret: 40 },
          ],
          months: [],
          addresses: [office],
          refusedAddresses: [elsewhere],
          countedUntil,
        },
      },
    },
  } satisfies ExamplesOf<'getKeyUsage'>,
  previewAllowlist: {
    request: {
      narrower: { summary: 'Only from one block', value: { whitelistedIPs: ['198.51.100.0/28'] } },
    },
    answer: {
      preview: {
        summary: 'One network would be shut out',
        value: {
          refused: [{ network: elsewhere.network, address: elsewhere.address, lastAt: elsewhere.lastAt }],
          admitted: 1,
          countedUntil,
        },
      },
    },
  } satisfies ExamplesOf<'previewAllowlist'>,
  listUsage: {
    answer: {
      keys: {
        summary: 'By key, the most used first',
        value: {
          status: 200,
          total: 2,
          count: 2,
          nextUrl: null,
          previousUrl: null,
          data: [
            { id: EXAMPLE_IDS.key, total: 1_518, counts: { VALID: 1_515, IP_NOT_ALLOWED: 3 } },
            { id: EXAMPLE_IDS.olderKey, total: 12, counts: { VALID: 12 } },
          ],
          countedUntil,
        },
      },
    },
  } satisfies ExamplesOf<'listUsage'>,
}
