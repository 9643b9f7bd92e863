export type Room = {
  readonly name: string
  /** Whose files are mutated. */
  readonly folder: string
  /** Globs of the tests that must notice. */
  readonly tests: readonly string[]
  /** Of a hundred valid mutants this many must be noticed. */
  readonly bar: number
}

const server = (...globs: string[]): string[] => globs.map((glob) => `packages/server/${glob}.test.ts`)

/**
 * What security rests on, and what must hold it: core its own tests, a room of the server the tests that are about it.
 * Others come by as well, but they take minutes for each mutant; `--tests` asks them.
 */
export const ROOMS: readonly Room[] = [
  {
    name: 'core',
    folder: 'packages/core/src',
    tests: ['packages/core/{src,test}/**/*.test.ts'],
    bar: 90,
  },
  {
    name: 'auth',
    folder: 'packages/server/src/auth',
    tests: server(
      'src/auth/*',
      'test/{people,tokens}/*',
      'test/http/{credential,failed-attempts}*',
      'test/http/limits/*',
      'test/audit/broken-chain',
      'test/security/{bound-keys,console-account,console-session,revoked-meanwhile,stolen-imports}',
    ),
    bar: 90,
  },
  {
    name: 'verification',
    folder: 'packages/server/src/verification',
    tests: server(
      'src/verification/**/*',
      'test/verification/*',
      'test/storage/{usage,two-servers,limit-time,sqlite-lease,sqlite-verification}*',
      'test/http/{usage,keys/rotation}*',
      'test/http/{limits,verifiers}/*',
      'test/security/{flooded-counts,stolen-imports}',
    ),
    bar: 85,
  },
  {
    name: 'audit',
    folder: 'packages/server/src/audit',
    tests: server('src/audit/*', 'test/audit/*', 'test/http/{audit,event-fields}'),
    bar: 85,
  },
  {
    name: 'changes',
    folder: 'packages/server/src/changes',
    tests: server(
      'test/changes/*',
      'test/people/races',
      'test/audit/written',
      'test/security/{ended-while-waiting,fair-writes,grants,revocations-first,revoked-meanwhile}',
      'test/verification/principal-now',
    ),
    bar: 85,
  },
]
