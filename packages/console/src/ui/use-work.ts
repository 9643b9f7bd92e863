import { useState } from 'react'

/** What is asked of the service once: whether the answer is still to come, and what refused it. */
export type Work = {
  readonly isBusy: boolean
  readonly error: unknown
  readonly run: (work: () => Promise<unknown>) => Promise<void>
}

export function useWork(): Work {
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const run = async (work: () => Promise<unknown>) => {
    setBusy(true)
    setError(undefined)
    try {
      await work()
    } catch (failure) {
      setError(failure)
    }
    setBusy(false)
  }
  return { isBusy, error, run }
}
