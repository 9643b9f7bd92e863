/** What may be known at once, and is then no promise: waiting for one costs more than a verification from memory. */
export type MaybePromise<T> = T | Promise<T>

/** What `next` makes of a value: at once when the value is known. Throws, or rejects, as `next` does. */
export function whenKnown<T, Next>(
  value: MaybePromise<T>,
  next: (value: T) => MaybePromise<Next>,
): MaybePromise<Next> {
  return value instanceof Promise ? value.then(next) : next(value)
}
