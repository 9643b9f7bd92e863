import type { ApiKey } from '@latchkey/contract/schemas/keys'
import type { AllowlistPreview } from '@latchkey/contract/schemas/usage'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { areSound } from '../../api/addresses.ts'
import { request } from '../../api/request.ts'

/** What is known of whom a list would shut out, and whether somebody has said that it is meant. */
export type LockOut = {
  /** undefined: not looked up (yet), or nothing to look up. */
  readonly preview: AllowlistPreview | undefined
  readonly error: unknown
  readonly retry: () => void
  readonly isMeant: boolean
  readonly mean: (isMeant: boolean) => void
  /** Whether the list may be saved as it is: it waits for the answer, and a lock-out has to be meant. */
  readonly settle: () => Promise<boolean>
}

/** Asks the service about each list that is about to replace the key's. No list shuts nobody out. */
export function useLockOut(apiKey: ApiKey, entries: readonly string[]): LockOut {
  const [meant, setMeant] = useState('')
  const text = JSON.stringify(entries)
  const isChanged = text !== JSON.stringify(apiKey.whitelistedIPs ?? [])
  const isAsked = isChanged && entries.length > 0 && areSound(entries)
  const { data, error, refetch } = useQuery({
    queryKey: ['keys', 'lock-out', apiKey.id, text],
    enabled: isAsked,
    staleTime: 0,
    queryFn: async ({ signal }) => {
      const path = `/keys/${apiKey.id}/allowlist-preview`
      return (await request<AllowlistPreview>('POST', path, { body: { whitelistedIPs: entries }, signal }))
        .body
    },
  })
  const preview = isAsked ? data : undefined
  const isMeant = meant === text
  return {
    preview,
    error: isAsked ? error : null,
    retry: () => void refetch(),
    isMeant,
    mean: (isSaid) => setMeant(isSaid ? text : ''),
    async settle() {
      if (!isAsked) return true
      const known = preview ?? (await refetch({ cancelRefetch: false })).data
      return known !== undefined && (known.refused.length === 0 || isMeant)
    },
  }
}
