/** The rules of the tree, all of them. What enforces them is in the files beside this one. */

/** What the files of one place may import besides each other. Places are named by `placeOf` in places.ts. */
export type Wall = {
  /** Anything of these places; or one file, by its path. */
  readonly may?: readonly string[]
  /** Only types of these. */
  readonly types?: readonly string[]
  /** Only `await import(…)` of these, so that what is not used is not loaded. */
  readonly lazily?: readonly string[]
  /** Only reads of these: names that begin with one of READ_VERBS. */
  readonly reads?: readonly string[]
  /** The packages of others. Absent: no restriction. */
  readonly packages?: readonly string[]
  /** Node's own modules, by the file that may use them. Absent: no restriction. */
  readonly node?: Readonly<Record<string, readonly string[]>>
}

/**
 * Reads go from a route straight to storage; a write has to pass a use case, which audits and revokes. A
 * `listing` is a list described and not yet read.
 */
export const READ_VERBS = ['find', 'get', 'list', 'listing', 'count']

const useCase: Wall = {
  may: ['core', 'server/storage', 'server/audit', 'server/changes', 'server/telemetry'],
  types: ['contract'],
}
const serverRooms = [
  'server/storage',
  'server/verification',
  'server/auth',
  'server/keys',
  'server/users',
  'server/companies',
  'server/audit',
  'server/changes',
  'server/idempotency',
  'server/telemetry',
]

/** Who may import whom. A place without a row may not exist. */
export const WALLS: Readonly<Record<string, Wall>> = {
  core: {
    packages: [],
    node: {
      'packages/core/src/secret.ts': ['node:crypto', 'node:zlib'],
      'packages/core/src/fingerprint.ts': ['node:crypto'],
      'packages/core/src/digest.ts': ['node:crypto'],
    },
  },
  contract: { may: ['core'], packages: ['typebox'], node: {} },

  'server/storage': { may: ['core'] },
  'server/telemetry': { may: ['core'], types: ['server/settings'] },
  'server/audit': { may: ['core', 'server/storage'] },
  'server/changes': { may: ['core', 'server/storage', 'server/audit', 'server/verification'] },
  'server/idempotency': { may: ['core', 'server/storage'], types: ['server/changes'] },
  'server/verification': { may: ['core', 'server/storage', 'server/telemetry'] },
  'server/auth': {
    may: [
      'core',
      'server/storage',
      'server/verification',
      'server/audit',
      'server/changes',
      'server/telemetry',
    ],
  },
  // Judges what other systems export, before anything of it meets a store.
  'server/import': { may: ['core'], types: ['contract'], packages: ['yaml'] },
  'server/keys': useCase,
  'server/users': useCase,
  'server/companies': useCase,
  'server/http': {
    may: [
      'core',
      'contract',
      'server/verification',
      'server/auth',
      'server/changes',
      'server/keys',
      'server/users',
      'server/companies',
      'server/idempotency',
      'server/telemetry',
    ],
    reads: ['server/storage'],
    types: ['server/config', 'server/services'],
  },

  // The files beside the rooms, which put the rooms together. No room imports one, but for types.
  'server/settings': { may: ['core'] },
  'server/unknown-settings': { may: ['core', 'server/settings'] },
  'server/config': { may: ['core', 'server/settings', 'server/unknown-settings'] },
  'server/data-dir': { may: ['server/config', 'server/storage'] },
  'server/server-secret': { may: ['core', 'server/settings', 'server/config', 'server/storage'] },
  'server/issuers-file': { may: ['core', 'server/config'], types: ['server/auth'] },
  'server/deployment': {
    may: ['core', 'server/config', 'server/server-secret', 'server/storage'],
    types: ['server/settings', 'server/audit'],
  },
  'server/open-store': {
    may: ['core', 'server/config', 'server/data-dir', 'server/server-secret', 'server/storage'],
    types: ['server/settings'],
  },
  'server/services': {
    may: [
      'server/open-store',
      'core',
      'server/settings',
      'server/config',
      'server/server-secret',
      'server/deployment',
      'server/issuers-file',
      ...serverRooms,
    ],
  },
  'server/bootstrap': {
    may: ['core', 'server/changes', 'server/companies', 'server/users', 'server/keys'],
    reads: ['server/storage'],
    types: ['contract', 'server/config', 'server/services'],
  },
  'server/prune-audit-on-host': {
    may: ['core', 'server/audit', 'server/changes', 'server/companies', 'server/http'],
    reads: ['server/storage'],
    types: ['server/services'],
  },
  'server/host': {
    may: [
      'core',
      'server/bootstrap',
      'server/deployment',
      'server/audit',
      'server/changes',
      'server/companies',
      'server/users',
      'server/keys',
      'packages/server/src/auth/weak-password.ts',
      'packages/server/src/http/present-audit-event.ts',
    ],
    reads: ['server/storage'],
    types: ['contract', 'server/config', 'server/services'],
  },
  'server/diagnose': {
    may: [
      'core',
      'server/config',
      'server/data-dir',
      'server/server-secret',
      'server/deployment',
      'server/open-store',
      'server/storage',
    ],
    types: ['server/settings'],
  },
  'server/app': { may: ['core', 'contract', 'server/http'], types: ['server/config', 'server/services'] },
  'server/start': {
    may: ['core', 'server/config', 'server/app', 'server/storage', 'server/audit'],
    types: ['server/services'],
  },
  'server/index': { may: ['core', 'contract', 'server/*'] },

  client: { may: ['core', 'client/local', 'client/middleware'], types: ['contract'], packages: [] },
  'client/local': { may: ['core', 'client'], types: ['contract'], packages: [] },
  'client/middleware': { may: ['core', 'client', 'client/local'], types: ['contract'], packages: [] },

  // The settings are a table of names and texts, which --help shows without loading the service.
  cli: { may: ['core', 'client', 'server/settings'], types: ['server/index'], lazily: ['server/index'] },
  'cli/bin': { may: ['cli'], lazily: ['cli'] },

  console: { may: ['client', 'console/ui', 'console/features/*', ...consoleCore()] },
  'console/ui': { may: ['client', ...consoleCore()] },
  'console/features/*': { may: ['client', 'console/ui', ...consoleCore()] },

  scripts: { may: ['server/settings'] },
  // The PostgreSQL server of the tests, which the service's own tests have too.
  e2e: { may: ['packages/server/test/postgres-cluster.ts', 'packages/server/test/tokens/self-signed.ts'] },
  bench: {
    may: [
      'core',
      'contract',
      'client',
      'server/index',
      ...serverRooms,
      'packages/server/test/postgres-cluster.ts',
    ],
  },
  // What the test runner is told of: the reporter of the long proofs.
  root: { may: ['e2e/faults-reporter.ts'] },
}

/** The console compiles allowlists as the server does, so that what it shows is what will be decided. */
function consoleCore(): string[] {
  return ['packages/core/src/address.ts', 'packages/core/src/allowlist.ts']
}

/** Tests may import everything of their own package, and these by name. */
export const PUBLIC_PLACES = ['core', 'contract', 'client', 'server/index']

/** The one reader of the environment in the server, and places that are programs of their own. */
export const ENVIRONMENT_READERS = {
  files: ['packages/server/src/config.ts'],
  places: ['cli/bin', 'scripts', 'e2e', 'bench', 'root'],
}

/** Clock, chance, network and environment: core is handed them and never reaches for them. */
export const AMBIENT =
  /(?<![\w$.])(?:(?:process|performance|globalThis|console)\s*[.[]|Date\.now\b|new Date\(\s*\)|Math\.random\b|crypto\.(?:getRandomValues|randomUUID|subtle)\b|(?:fetch|setTimeout|setInterval|setImmediate)\s*\()/g

/** A name that says nothing about its contents collects everything. */
export const BANNED = {
  /** As a whole name of a file or folder. */
  names: ['lib', 'libs', 'types', 'services', 'controllers', 'repositories'],
  /** As a word in the name of a file, a folder, or an exported function or class. */
  words: [
    'manager',
    'managers',
    'service',
    'helper',
    'helpers',
    'util',
    'utils',
    'data',
    'info',
    'misc',
    'common',
  ],
  /** As a word in the name of a file or folder, and as the verb of an exported function. */
  verbs: ['handle', 'process'],
  /** The composition root is called after what it makes. */
  exceptions: ['packages/server/src/services.ts'],
  /** The setting LATCHKEY_DATA_DIR gave this one its name. */
  phrases: ['data dir', 'data directory'],
}

export const LIMITS = {
  /** What one reads at a sitting. */
  fileLines: 300,
  /** Tests are lists of cases: long, not deep. */
  testFileLines: 600,
  /** One screen. */
  functionLines: 60,
  medianFileLines: 90,
}

/** Tools that insist on one. */
export const DEFAULT_EXPORTERS = ['vitest.config.ts']
