/**
 * A value that may be known at once, and is no promise then: to wait for a promise costs more than a verification from
 * memory.
 */
export type MaybePromise<T> = T | Promise<T>

/** Calls `next` with a value: at once when it is known, else when it comes. Throws, or rejects, as `next` does. */
export function whenKnown<T, Next>(
  value: MaybePromise<T>,
  next: (value: T) => MaybePromise<Next>,
): MaybePromise<Next> {
  return value instanceof Promise ? value.then(next) : next(value)
}
