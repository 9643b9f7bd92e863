/**
 * The console compiles allowlists as the server does, so that what it shows is what will be decided, and knows which
 * permissions there are.
 */
const CORE = [
  'packages/core/src/address.ts',
  'packages/core/src/allowlist.ts',
  'packages/core/src/permission.ts',
]

/** The console and what serves it: see rooms.ts for what the words mean. */
export const CONSOLE_ROOMS = {
  // The files of the console, and how it signs in.
  'server/http/console': {
    may: [
      'core',
      'contract',
      'server/http/*',
      'server/auth',
      'server/changes',
      'server/users',
      'server/companies',
      'packages/server/src/http/router.ts',
      'packages/server/src/diagnose/running.ts',
      'packages/server/src/diagnose/store-doctor.ts',
    ],
    reads: ['server/storage', 'server/storage/tables'],
    types: ['server/http', 'server/services'],
  },
  console: { may: ['client', 'console/api', 'console/ui', 'console/features/*'], node: {} },
  // What the pages know of the service. A type of the contract costs the browser nothing.
  'console/api': { may: ['client', ...CORE], types: ['contract'], node: {} },
  'console/ui': { may: ['client', 'console/api', ...CORE], types: ['contract'], node: {} },
  'console/features/*': {
    // The files of gateways that the tests run, as text.
    may: ['client', 'console/api', 'console/ui', 'docs', ...CORE],
    types: ['contract'],
    node: {},
  },
}
