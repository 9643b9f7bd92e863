import { type Fault, noteFault } from './error.ts'
import { QUOTA_NAME } from './limit.ts'

/** Each limit is known by its name, in verdicts and headers. What is wrong with the names goes to `faults`. */
export function checkLimitNames(limits: readonly { readonly name: string }[], faults: Fault[]): void {
  for (const [index, { name }] of limits.entries()) {
    const pointer = `/rateLimits/${index}/name`
    const first = limits.findIndex((other) => other.name === name)
    if (name === QUOTA_NAME) {
      const detail = 'cannot be quota, which is what the quota of the key is called: choose another name.'
      noteFault(faults, { pointer, code: 'invalid_field', detail })
    } else if (first < index) {
      const detail = `is that of /rateLimits/${first} too: give each limit a name of its own.`
      noteFault(faults, { pointer, code: 'invalid_field', detail })
    }
  }
}
