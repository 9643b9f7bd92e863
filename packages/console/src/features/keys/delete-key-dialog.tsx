import type { ApiKey } from '@latchkey/contract/schemas/keys'
import { useQueryClient } from '@tanstack/react-query'
import { request } from '../../api/request.ts'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { say } from '../../ui/toasts.tsx'
import { isInUse, LastUse } from './last-use.tsx'

type DeleteKeyDialogProps = { readonly apiKey: ApiKey; readonly onClose: () => void }

/** Names the key and its last use; one that is in use has to be named back. */
export function DeleteKeyDialog({ apiKey, onClose }: DeleteKeyDialogProps) {
  const client = useQueryClient()
  const { id, key, description } = apiKey
  const lastFour = key.slice(-4)
  const remove = async () => {
    await request('DELETE', `/keys/${id}`)
    await client.invalidateQueries()
    say('The key is deleted: dead on all servers.')
    onClose()
  }
  return (
    <ConfirmDialog
      title={`Delete ${description ?? key}?`}
      confirm="Delete key"
      typed={
        isInUse(apiKey)
          ? { text: lastFour, label: `It is in use. Type its last four characters, ${lastFour}` }
          : undefined
      }
      call={{ method: 'DELETE', path: `/keys/${id}` }}
      onConfirm={remove}
      onClose={onClose}
    >
      <LastUse apiKey={apiKey} />
      <p>It stops at once, on all servers, for good.</p>
    </ConfirmDialog>
  )
}
