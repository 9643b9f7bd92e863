export type Room = {
  readonly name: string
  /** Whose files are mutated. */
  readonly folder: string
  /** Where the tests are that must notice. */
  readonly tests: string
  /** Of a hundred valid mutants this many must be noticed. */
  readonly bar: number
}

const OF_THE_SERVER = 'packages/server/{src,test}/**/*.test.ts'

/** What security rests on, and what must hold it: core its own tests, the server those of the whole server. */
export const ROOMS: readonly Room[] = [
  {
    name: 'core',
    folder: 'packages/core/src',
    tests: 'packages/core/{src,test}/**/*.test.ts',
    bar: 90,
  },
  { name: 'auth', folder: 'packages/server/src/auth', tests: OF_THE_SERVER, bar: 90 },
  { name: 'verification', folder: 'packages/server/src/verification', tests: OF_THE_SERVER, bar: 85 },
  { name: 'audit', folder: 'packages/server/src/audit', tests: OF_THE_SERVER, bar: 85 },
  { name: 'changes', folder: 'packages/server/src/changes', tests: OF_THE_SERVER, bar: 85 },
]
