import { CONSOLE_ROOMS } from './console-rooms.ts'

/** The rooms of the tree, and who may import whom. */

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

/** What the store keeps, and a transaction on it: not which of the two stores it is. */
const store = ['server/storage', 'server/storage/tables']
const limitsOfKeys = 'packages/server/src/http/schema/key-limits.ts'
const useCase: Wall = {
  may: ['core', ...store, 'server/audit', 'server/changes', 'server/telemetry'],
  types: ['contract'],
}
const client: Wall = { types: ['contract'], packages: [] }
/** Endpoints that are no operations, and answer in a form of their own. */
const inHttp = ['server/http/wire', 'server/http/admission', 'server/http/present']
const answering = ['core', 'contract', 'server/auth', ...inHttp]
const serverRooms = [
  'server/storage',
  'server/storage/*',
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
      'packages/core/src/hmac.ts': ['node:crypto'],
      'packages/core/src/sealed-text.ts': ['node:crypto'],
    },
  },
  contract: { may: ['core'], packages: ['typebox'], node: {} },

  'server/storage': { may: ['core'], types: ['server/storage/tables'] },
  'server/storage/tables': { may: ['core', 'server/storage'] },
  'server/storage/migrations': {
    may: ['core', 'server/storage', 'packages/server/src/storage/sqlite/errors.ts'],
  },
  'server/storage/sqlite': { may: ['core', ...store, 'server/storage/migrations'] },
  'server/storage/postgres': { may: ['core', ...store, 'server/storage/migrations'] },
  'server/telemetry': { may: ['core'], types: ['server/settings'] },
  'server/audit': { may: ['core', ...store] },
  'server/changes': { may: ['core', ...store, 'server/audit', 'server/verification'] },
  'server/idempotency': { may: ['core', ...store], types: ['server/changes'] },
  'server/verification': { may: ['core', ...store, 'server/telemetry'] },
  'server/auth': {
    may: ['core', ...store, 'server/verification', 'server/audit', 'server/changes', 'server/telemetry'],
  },
  // Judges what other systems export, before anything of it meets a store; limits by the rules of creation.
  'server/import': { may: ['core', limitsOfKeys], types: ['contract'], packages: ['yaml'] },
  'server/keys': { ...useCase, may: [...(useCase.may ?? []), 'server/import'] },
  'server/users': useCase,
  'server/companies': useCase,
  // What came and what is answered, as bytes and headers: of no operation and of no caller.
  'server/http/wire': { may: ['core', 'contract'], types: ['server/config'] },
  // Who may come in, and how much of each at once.
  'server/http/admission': {
    may: ['core', 'contract', 'server/http/wire', 'server/verification', 'server/auth', 'server/changes'],
    reads: store,
    types: ['server/services', 'server/http/schema'],
  },
  'server/http/schema': {
    may: ['core', 'contract', 'server/http/wire'],
    types: [
      'server/http',
      'server/http/admission',
      'server/changes',
      'server/idempotency',
      'server/services',
    ],
  },
  'server/http/present': {
    may: [
      'core',
      'contract',
      'server/http/wire',
      'server/http/admission',
      'packages/server/src/keys/rotate-key.ts',
    ],
    reads: store,
    types: ['server/http/schema'],
  },
  'server/http/gateway': {
    may: answering,
    types: ['server/http', 'server/http/schema', 'server/services'],
  },
  'server/http/oauth': {
    may: ['server/verification', ...answering],
    types: ['server/http', 'server/http/schema', 'server/services'],
  },
  'server/http/routes': {
    may: [
      'core',
      'contract',
      'server/http',
      'server/http/*',
      'server/verification',
      'server/auth',
      'server/changes',
      'server/keys',
      'server/users',
      'server/companies',
      'server/idempotency',
      'server/import',
      'server/telemetry',
    ],
    reads: store,
    types: ['server/services'],
  },
  'server/http': {
    may: [
      'core',
      'contract',
      'server/http/*',
      'server/verification',
      'server/auth',
      'server/changes',
      'server/telemetry',
    ],
    reads: store,
    types: ['server/config', 'server/services'],
  },
  // The files beside the rooms, which put the rooms together. No room imports one, but for types.
  'server/address-settings': { may: ['core'] },
  'server/settings': { may: ['core', 'server/address-settings'] },
  'server/unknown-settings': { may: ['core', 'server/settings'] },
  'server/config': { may: ['core', 'server/settings', 'server/unknown-settings'] },
  'server/data-dir': { may: ['server/config', 'server/storage'] },
  'server/server-secret': { may: ['core', 'server/settings', 'server/config', 'server/storage'] },
  'server/issuers-file': { may: ['core', 'server/config', 'server/storage'], types: ['server/auth'] },
  'server/deployment': {
    may: ['core', 'server/config', 'server/server-secret', ...store],
    types: ['server/settings', 'server/audit'],
  },
  'server/open-store': {
    may: [
      'core',
      'server/config',
      'server/data-dir',
      'server/server-secret',
      'server/storage',
      'server/storage/sqlite',
    ],
    types: ['server/settings', 'server/storage/postgres'],
    lazily: ['server/storage/postgres'],
  },
  'server/wire-verification': {
    may: ['core', ...store, 'server/verification', 'server/telemetry', 'server/server-secret'],
  },
  'server/wire-tokens': {
    may: ['core', 'server/auth', 'server/telemetry', 'server/config', 'server/server-secret'],
    lazily: ['server/issuers-file'],
  },
  'server/services': {
    may: [
      ...[
        'server/settings',
        'server/config',
        'server/server-secret',
        'server/open-store',
        'server/deployment',
      ],
      ...['core', 'server/wire-verification', 'server/wire-tokens', ...serverRooms],
    ],
  },
  'server/bootstrap': {
    may: ['core', 'server/changes', 'server/companies', 'server/users', 'server/keys'],
    reads: store,
    types: ['contract', 'server/config', 'server/services'],
  },
  // Work of a command on the machine itself.
  'server/host': {
    may: [
      'core',
      'server/deployment',
      'server/audit',
      'server/changes',
      'server/companies',
      'server/users',
      'server/keys',
      'server/import',
      'server/http/present',
      'server/http/schema',
      'packages/server/src/auth/weak-password.ts',
    ],
    reads: store,
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
      'server/storage/migrations',
      'server/storage/sqlite',
    ],
    lazily: ['server/storage/postgres', 'server/issuers-file'],
    types: ['server/settings'],
  },
  'server/app': {
    may: ['core', 'contract', 'server/http', 'server/http/*'],
    types: ['server/config', 'server/services'],
  },
  'server/start': {
    may: ['core', 'server/config', 'server/app', ...store, 'server/audit'],
    types: ['server/services'],
  },
  'server/index': { may: ['core', 'contract', 'server/*'] },
  'server/commands': { may: ['server/*'] },

  client: { ...client, may: ['core', 'client/middleware'], lazily: ['client/verifier'] },
  'client/*': { ...client, may: ['core', 'client'] },

  // The settings are a table of names and texts, which --help shows without loading the service.
  cli: {
    may: ['core', 'client', 'server/settings'],
    types: ['server/index', 'server/commands'],
    lazily: ['server/index', 'server/commands'],
  },
  'cli/bin': { may: ['cli'], lazily: ['cli'] },

  ...CONSOLE_ROOMS,

  scripts: { may: ['server/settings'] },
  // The PostgreSQL server of the service's own tests, where it lies, and what is published, as it is built.
  e2e: {
    may: [
      'packages/server/test/free-port.ts',
      'packages/server/test/memory-disk.ts',
      'packages/server/test/postgres-cluster.ts',
      'packages/server/test/tokens/self-signed.ts',
      'scripts/build-client.ts',
      'scripts/build-debian.ts',
      'scripts/build-dist.ts',
    ],
  },
  bench: {
    may: [
      'core',
      'contract',
      'client',
      'client/verifier',
      'server/index',
      'server/commands',
      ...serverRooms,
      'packages/server/test/postgres-cluster.ts',
      'scripts/build-dist.ts',
    ],
  },
  // What the test runner is told of: the reporter of the long proofs.
  root: { may: ['e2e/faults-reporter.ts'] },
}
