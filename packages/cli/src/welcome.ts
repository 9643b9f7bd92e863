/** `store`: where it is, and how it is backed up. */
type Place = { readonly url: string; readonly store: string }

/** What the first start prints. `keyText`: the key itself, or how a shell reads it from its file. */
export function welcome({ url, store, keyText }: Place & { readonly keyText: string }): string {
  const warning = isInFile(keyText)
    ? `The admin key is in the file that the curl line reads, and nowhere else.`
    : 'The admin key above is shown once, here. Store it now.'
  return [
    'Latchkey is ready.',
    '',
    `  Docs   ${url}/docs`,
    `  API    ${url}`,
    `  Try    curl -s ${url}/keys -H "X-API-KEY: ${keyText}"`,
    `  Data   ${store}`,
    '',
    warning,
    'Ctrl-C stops it.',
    '',
  ].join('\n')
}

/** What a first start prints that made the store and then could not listen. Nothing when the key is in a file. */
export function failedFirstStart(keyText: string): string {
  if (isInFile(keyText)) return ''
  return 'The store is made, but the service did not start. The admin key above is shown once, here. Store it now.\n'
}

const isInFile = (keyText: string): boolean => keyText.startsWith('$(')

/** What every later start prints: no key, for none can be shown again. */
export function welcomeBack({ url, store }: Place): string {
  return [
    'Latchkey is ready.',
    '',
    `  Docs   ${url}/docs`,
    `  API    ${url}`,
    `  Data   ${store}`,
    '',
    'Admin key lost? On this machine: npx latchkey keys create --help',
    'Ctrl-C stops it.',
    '',
  ].join('\n')
}
