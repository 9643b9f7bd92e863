/** A variable of the environment; undefined: it is not set, or there is no environment, as in a browser. */
export function environmentVariable(name: string): string | undefined {
  try {
    const value = typeof process === 'undefined' ? undefined : process.env?.[name]
    return value === '' ? undefined : value
  } catch {
    // Deno throws where reading it was not allowed.
    return undefined
  }
}
