/**
 * What every path of the service begins with: the console may stand behind a proxy, under a path of its own. The script
 * knows where it was loaded from.
 */
export const basePath: string = new URL(import.meta.url).pathname.replace(/\/console\/.*$/, '')

/** Where commands and programs reach the API. */
export const apiUrl = `${location.origin}${basePath}`
