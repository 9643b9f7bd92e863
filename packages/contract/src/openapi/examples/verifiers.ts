import { EXAMPLE_IDS, EXAMPLE_SECRET, type ExamplesOf } from './example.ts'

const epoch = '5f0c7f2f0d3b4f6f9a3f1d2c7b8e9a01'
const server = '0d9be2a4c1f34c6f8e5a7b6c5d4e3f20'
const verifier = 'q1Zb7yQF2mXk9Rt4'
const nonce = 'Vh3k'
const now = '2026-11-28T08:04:55.120Z'

export const verifierExamples = {
  getKeyRecord: {
    request: { key: { summary: 'A key that somebody presented', value: { key: EXAMPLE_SECRET } } },
    answer: {
      record: {
        summary: 'A key of yours',
        value: {
          record: {
            keyId: EXAMPLE_IDS.key,
            companyId: EXAMPLE_IDS.company,
            userId: EXAMPLE_IDS.user,
            mode: 'live',
            isActive: true,
            isUserActive: true,
            isCompanyActive: true,
            expiresAt: '2030-11-20T00:00:00.000Z',
            whitelistedIPs: ['198.51.100.0/24'],
            role: 'developer',
            permissions: ['orders:read'],
            metadata: { team: 'logistics' },
            secret: { ordinal: 1, endsAt: null, isOver: false },
            isLimited: false,
          },
          askServer: false,
          epoch,
          revision: 41,
          now,
          server,
        },
      },
      none: {
        summary: 'No key, or not yours',
        value: { record: null, askServer: false, epoch, revision: 41, now, server },
      },
    },
  } satisfies ExamplesOf<'getKeyRecord'>,
  followChanges: {
    request: {
      next: {
        summary: 'What changed after revision 41?',
        value: { verifier, epoch, after: 41, hold: 500, nonce },
      },
      first: { summary: 'The first question', value: { verifier, epoch: null, after: null, hold: 0, nonce } },
    },
    answer: {
      changed: {
        summary: 'A key was changed or deleted',
        value: {
          epoch,
          after: 41,
          through: 42,
          changes: [{ scope: 'key', id: EXAMPLE_IDS.key }],
          reset: false,
          server,
          heldMs: 112.4,
          provenMsAgo: 3.1,
          leaseMs: 2_000,
          now,
          nonce,
        },
      },
    },
  } satisfies ExamplesOf<'followChanges'>,
  reportUsage: {
    request: {
      uses: {
        summary: 'Ten seconds',
        value: {
          reportId: 'c2Vx8Lr5Wn1Tj6Pd',
          from: '2026-11-28T08:04:45.000Z',
          to: '2026-11-28T08:04:55.000Z',
          now: '2026-11-28T08:04:55.020Z',
          uses: [
            {
              keyId: EXAMPLE_IDS.key,
              secretOrdinal: 1,
              code: 'VALID',
              count: 311,
              lastAt: '2026-11-28T08:04:54.871Z',
              lastAddress: '198.51.100.7',
            },
          ],
        },
      },
    },
    answer: { added: { summary: 'All of it was added', value: { accepted: 1, ignored: 0 } } },
  } satisfies ExamplesOf<'reportUsage'>,
}
