type Lock<Owner> = { owner: Owner; waiting: { readonly owner: Owner; readonly granted: () => void }[] }

/** Row locks by name, each given in the order in which it was asked for. */
export class RowLocks<Owner> {
  readonly #held = new Map<string, Lock<Owner>>()

  take(name: string, owner: Owner, granted: () => void): void {
    const lock = this.#held.get(name)
    if (lock !== undefined && lock.owner !== owner) {
      lock.waiting.push({ owner, granted })
      return
    }
    if (lock === undefined) this.#held.set(name, { owner, waiting: [] })
    granted()
  }

  /** Gives up all that this owner has or waits for. */
  release(owner: Owner): void {
    for (const [name, lock] of this.#held) {
      lock.waiting = lock.waiting.filter((waiting) => waiting.owner !== owner)
      if (lock.owner !== owner) continue
      const next = lock.waiting.shift()
      if (next === undefined) this.#held.delete(name)
      else lock.owner = next.owner
      next?.granted()
    }
  }

  clear(): void {
    this.#held.clear()
  }
}
