/** What stands in the unit of an installation from source, and in its place in that of the package. */
const CHANGES: readonly (readonly [said: string, meant: string])[] = [
  ['WorkingDirectory=/opt/latchkey\n', 'WorkingDirectory=/var/lib/latchkey\n'],
  [
    '# The Node that the project pins; npm ci put it there.\nExecStart=/opt/latchkey/node_modules/.bin/node packages/cli/bin/latchkey.js serve\n',
    '# With the settings of /etc/latchkey/latchkey.env.\nExecStart=/usr/bin/latchkey serve\n',
  ],
  ['Environment=LATCHKEY_DATA_DIR=/var/lib/latchkey\nEnvironment=HOST=127.0.0.1 PORT=7070\n', ''],
]

/** The unit of the package, from the one of docs/operate. Throws Error when that has changed where the two differ. */
export function unitFile(ofSource: string): string {
  return CHANGES.reduce((unit, [said, meant]) => {
    if (!unit.includes(said)) throw new Error(`docs/operate/latchkey.service has no longer: ${said}`)
    return unit.replace(said, meant)
  }, ofSource)
}
