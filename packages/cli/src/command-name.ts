/** What calls this command again: npx finds what npm has installed, and what another package installed is on the path. */
export const commandName = (launcher = process.argv[1] ?? ''): string =>
  /[\\/](?:node_modules|packages)[\\/]/.test(launcher) ? 'npx latchkey' : 'latchkey'
