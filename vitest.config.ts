import { defineConfig } from 'vitest/config'
import { createFaultsReporter } from './e2e/faults-reporter.ts'

/** What the service promises, whatever store is under it. */
const ON_EACH_STORE = 'packages/server/test/{audit,gateway,http,people,security,storage,tokens}/**/*.test.ts'

export default defineConfig({
  test: {
    // Real processes and a real disk: a slow machine must not look like a failed guarantee.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Most tests wait for a disk, a process or a timer as long as they compute.
    maxWorkers: 3,
    // Loading the service took a test file longer than its tests; no module of it keeps a state that they could share.
    isolate: false,
    unstubEnvs: true,
    unstubGlobals: true,
    // Minutes for each fault: whoever waits is told how far it is.
    ...(process.env.FAULTS === 'all'
      ? { reporters: [['default', { summary: false }], createFaultsReporter()] }
      : {}),
    // Of `npm run coverage`: what security rests on has no branch that no test takes.
    coverage: {
      include: ['packages/core/src/**/*.ts', 'packages/server/src/auth/**/*.ts'],
      exclude: ['**/*.test.ts'],
      reporter: ['text'],
      reportsDirectory: 'coverage/branches',
      thresholds: { branches: 100 },
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'sqlite',
          sequence: { groupOrder: 1 },
          include: ['packages/*/{src,test}/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude: ['**/postgres-*.test.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          // They wait for processes more than the others wait, and go first.
          maxWorkers: 4,
          include: ['e2e/**/*.test.ts'],
          globalSetup: ['e2e/package-setup.ts', 'packages/server/test/postgres-setup.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'postgres',
          sequence: { groupOrder: 1 },
          include: [ON_EACH_STORE, 'packages/server/test/**/postgres-*.test.ts'],
          exclude: ['**/sqlite-*.test.ts'],
          globalSetup: 'packages/server/test/postgres-setup.ts',
        },
      },
    ],
  },
})
