import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['packages/*/{src,test}/**/*.test.ts', 'scripts/**/*.test.ts', 'e2e/**/*.test.ts'],
    // Real processes and a real disk: a slow machine must not look like a failed guarantee.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
