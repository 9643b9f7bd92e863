import type { KeyHandle, LoadedKey } from './loaded-key.ts'

/** A load under way. Compared by identity: one that was dropped answers its callers and never publishes. */
type Flight = Promise<LoadedKey | null>

type Flights = {
  find(handle: KeyHandle): Flight | undefined
  /** Takes the place of any flight for the same handle, which then no longer publishes. */
  depart(handle: KeyHandle, loading: Promise<LoadedKey | null>): Flight
  /** Drops all of them: any may have read the state before a change. */
  drop(): void
}

/** Loads under way, one for each handle. `publish` is called for those that land without being dropped. */
export function createFlights(publish: (handle: KeyHandle, loaded: LoadedKey | null) => void): Flights {
  const flights = new Map<KeyHandle, Flight>()
  return {
    find: (handle) => flights.get(handle),
    depart(handle, loading) {
      const leave = () => flights.get(handle) === flight && flights.delete(handle)
      const flight: Flight = loading.then(
        (loaded) => {
          if (leave()) publish(handle, loaded)
          return loaded
        },
        (error: unknown) => {
          leave()
          throw error
        },
      )
      flights.set(handle, flight)
      return flight
    },
    drop: () => flights.clear(),
  }
}
