type Source = {
  readonly version: string
  readonly description: string
  readonly license: string
}

/** The package.json of the package. That of the repository is private and has workspaces. */
export function manifest({ version, description, license }: Source): object {
  return {
    name: 'latchkey',
    version,
    description,
    license,
    type: 'module',
    engines: { node: '>=24' },
    bin: { latchkey: 'bin/latchkey.js' },
  }
}
