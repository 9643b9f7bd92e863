import type { VerifyResult } from '../../schemas/verification.ts'
import { EXAMPLE_IDS, EXAMPLE_SECRET, EXAMPLE_TOKEN, type ExamplesOf } from './example.ts'

const valid: VerifyResult = {
  valid: true,
  code: 'VALID',
  keyId: EXAMPLE_IDS.key,
  companyId: EXAMPLE_IDS.company,
  userId: EXAMPLE_IDS.user,
  permissions: ['orders:read'],
  mode: 'live',
  expiresAt: '2030-11-20T00:00:00.000Z',
  metadata: { team: 'logistics' },
  secret: 'current',
  replaceBy: null,
  limits: null,
  limitedBy: null,
  retryAfterSeconds: null,
  requestId: EXAMPLE_IDS.request,
}
const refused: VerifyResult = { ...valid, valid: false, code: 'IP_NOT_ALLOWED' }
const token = { token: { summary: 'A token', value: { token: EXAMPLE_TOKEN } } }

export const accessExamples = {
  verifyApiKey: {
    request: {
      attempt: {
        summary: 'A use of a key: from where, and for what',
        value: { key: EXAMPLE_SECRET, ip: '198.51.100.7', permissions: ['orders:read'] },
      },
    },
    answer: {
      valid: { summary: 'Accepted', value: valid },
      refused: { summary: 'Refused: still 200, with the reason', value: refused },
    },
  } satisfies ExamplesOf<'verifyApiKey'>,
  verifyApiKeys: {
    request: {
      attempts: {
        summary: 'Two attempts',
        value: {
          keys: [
            { key: EXAMPLE_SECRET, ip: '198.51.100.7' },
            { key: EXAMPLE_SECRET, ip: '203.0.113.9' },
          ],
        },
      },
    },
    answer: { verdicts: { summary: 'In the order asked', value: { results: [valid, refused] } } },
  } satisfies ExamplesOf<'verifyApiKeys'>,
  getMe: {
    answer: {
      key: {
        summary: 'A key of an administrator',
        value: {
          credential: { type: 'key', id: EXAMPLE_IDS.adminKey, isToken: false },
          userId: EXAMPLE_IDS.user,
          companyId: EXAMPLE_IDS.company,
          actingCompanyId: EXAMPLE_IDS.company,
          role: 'admin',
          permissions: [
            '*:*',
            'audit:*',
            'keys:create',
            'keys:delete',
            'keys:list',
            'keys:read',
            'keys:rotate',
            'keys:update',
            'keys:verify',
            'users:*',
          ],
          address: '198.51.100.7',
          requestId: EXAMPLE_IDS.request,
        },
      },
    },
  } satisfies ExamplesOf<'getMe'>,
  createSession: {
    request: {
      user: {
        summary: 'A user with a password',
        value: { username: 'ada@example.com', password: '<your password>' },
      },
    },
    answer: token,
  } satisfies ExamplesOf<'createSession'>,
  renewSession: { answer: token } satisfies ExamplesOf<'renewSession'>,
  endSession: {
    answer: {
      ended: { summary: 'Signed out', value: { status: 200, message: 'The session has ended.' } },
    },
  } satisfies ExamplesOf<'endSession'>,
  createShortLivedToken: {
    request: {
      narrow: { summary: 'A token that can only list keys', value: { permissions: ['keys:list'] } },
    },
    answer: token,
  } satisfies ExamplesOf<'createShortLivedToken'>,
  setPassword: {
    request: {
      invited: {
        summary: 'With the token of an invitation',
        value: { token: '<token of the invitation>', password: '<a password of 12 characters or more>' },
      },
    },
    answer: {
      done: {
        summary: 'The password is set',
        value: { status: 200, message: 'The password is set: sign in with POST /auth/token.' },
      },
    },
  } satisfies ExamplesOf<'setPassword'>,
  getHealth: {
    answer: { ok: { summary: 'The process lives', value: { status: 'ok' } } },
  } satisfies ExamplesOf<'getHealth'>,
  getReadiness: {
    answer: { ready: { summary: 'The store answers', value: { status: 'ready', store: 'sqlite' } } },
  } satisfies ExamplesOf<'getReadiness'>,
}
