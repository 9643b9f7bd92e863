import type { ApiKey } from '@latchkey/contract/schemas/keys'
import { Button } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { request } from '../../api/request.ts'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { say } from '../../ui/toasts.tsx'
import { LastUse } from './last-use.tsx'

/** Stops a key for a while, or lets it go on. */
export function EnableButton({ apiKey }: { readonly apiKey: ApiKey }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <Button variant="default" onClick={() => setOpen(true)}>
        {apiKey.enabled ? 'Disable' : 'Enable'}
      </Button>
      {isOpen ? <EnableDialog apiKey={apiKey} onClose={() => setOpen(false)} /> : null}
    </>
  )
}

type EnableDialogProps = { readonly apiKey: ApiKey; readonly onClose: () => void }

function EnableDialog({ apiKey, onClose }: EnableDialogProps) {
  const client = useQueryClient()
  // Meanwhile somebody else may have done it, or a request whose answer was lost: what is asked stays what it was.
  const [enabled] = useState(apiKey.enabled)
  const { id, key, description } = apiKey
  const set = async () => {
    await request('PATCH', `/keys/${id}`, { body: { enabled: !enabled } })
    await client.invalidateQueries()
    say(enabled ? 'Disabled: dead on all servers.' : 'Enabled: it works again.')
    onClose()
  }
  return (
    <ConfirmDialog
      title={`${enabled ? 'Disable' : 'Enable'} ${description ?? key}?`}
      confirm={enabled ? 'Disable key' : 'Enable key'}
      isDangerous={enabled}
      call={{ method: 'PATCH', path: `/keys/${id}`, body: { enabled: !enabled } }}
      onConfirm={set}
      onClose={onClose}
    >
      <LastUse apiKey={apiKey} />
      <p>
        {enabled
          ? 'It stops at once, on all servers, until it is enabled again.'
          : 'It works again from now on, with the same secret.'}
      </p>
    </ConfirmDialog>
  )
}
