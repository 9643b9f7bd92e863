/** What can be imported, and the file of the source that it is. */
export const ENTRIES = {
  index: 'index.ts',
  express: 'middleware/express.ts',
  fastify: 'middleware/fastify.ts',
  hono: 'middleware/hono.ts',
  next: 'middleware/next.ts',
  nest: 'middleware/nest.ts',
  trpc: 'middleware/trpc.ts',
  fetch: 'middleware/fetch.ts',
} as const

type Source = {
  readonly name: string
  readonly version: string
  readonly description: string
  readonly license: string
}

/** The package.json of the published package. That of the source leads to TypeScript, and to packages of this repository. */
export function manifest({ name, version, description, license }: Source): object {
  return {
    name,
    version,
    description,
    license,
    type: 'module',
    sideEffects: false,
    engines: { node: '>=20' },
    main: './index.cjs',
    types: './types/index.d.cts',
    exports: {
      ...Object.fromEntries(
        Object.entries(ENTRIES).map(([entry, file]) => [
          entry === 'index' ? '.' : `./${entry}`,
          exported(entry, file),
        ]),
      ),
      './package.json': './package.json',
    },
  }
}

function exported(entry: string, file: string): object {
  const types = `./types/${file.replace(/\.ts$/, '')}`
  return {
    import: { types: `${types}.d.ts`, default: `./${entry}.js` },
    require: { types: `${types}.d.cts`, default: `./${entry}.cjs` },
  }
}
