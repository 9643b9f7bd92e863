import type { ApiKey } from '@latchkey/contract/schemas/keys'
import { Button } from '@mantine/core'
import { Notice } from '../../ui/notice.tsx'
import { differencesBetween } from './changed-fields.ts'

type StaleNoticeProps = { readonly before: ApiKey; readonly now: ApiKey; readonly onGoOn: () => void }

/** Somebody else changed the key since this was opened. */
export function StaleNotice({ before, now, onGoOn }: StaleNoticeProps) {
  return (
    <Notice tone="bad">
      <p>Somebody else changed this key meanwhile. Nothing was saved; what you typed is still here.</p>
      <ul>
        {differencesBetween(before, now).map(({ name, before: old, now: current }) => (
          <li key={name} className="lk-text">
            {name}: was {old}, now {current}
          </li>
        ))}
      </ul>
      <Button variant="default" onClick={onGoOn}>
        Go on with my changes
      </Button>
    </Notice>
  )
}
