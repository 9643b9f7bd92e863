/** The rules of the tree, but for its walls, which are in rooms.ts. What enforces them is in the files beside this one. */

/** The one reader of the environment in the server, and places that are programs of their own. */
export const ENVIRONMENT_READERS = {
  files: ['packages/server/src/config.ts', 'packages/client/src/environment.ts'],
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

/** Printed by a program and read by nobody from top to bottom: no limit of length. */
export const PRINTED = ['packages/client/src/wire.ts']

/** Tools that insist on one. */
export const DEFAULT_EXPORTERS = ['vitest.config.ts']
