import type { ChangesResult } from '@latchkey/client'
import type { CompanyId } from '@latchkey/core/ids'
import type { Host } from '../fleet.ts'
import type { World } from '../server.ts'

/** As long as an answer may be held. Milliseconds. */
const HOLD_MS = 500
const PAUSE_MS = 50

/** A program that follows what changes and says each time that it knows nothing but what it was told first. */
export async function startUnheeding({ agenda }: World, host: Host, sight: CompanyId): Promise<void> {
  let first: ChangesResult | undefined
  for (let asked = 0; ; asked += 1) {
    const question = {
      verifier: 'unheeding',
      epoch: first?.epoch ?? null,
      after: first?.through ?? null,
      hold: HOLD_MS,
      nonce: String(asked),
    }
    const told = await host.server
      .tell(question, { id: 'unheeding', sight }, () => true)
      .catch(() => undefined)
    first ??= told
    await new Promise<void>((resolve) => void agenda.after(PAUSE_MS, resolve))
  }
}
