import type { Company } from '@latchkey/contract/schemas/companies'
import { useQueryClient } from '@tanstack/react-query'
import { request } from '../../api/request.ts'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { say } from '../../ui/toasts.tsx'

type CompanyStatusDialogProps = { readonly company: Company; readonly onClose: () => void }

export function CompanyStatusDialog({ company, onClose }: CompanyStatusDialogProps) {
  const client = useQueryClient()
  const isActive = company.status === 'active'
  const call = {
    method: 'PATCH',
    path: `/companies/${company.id}`,
    body: { status: isActive ? 'inactive' : 'active' },
  }
  const set = async () => {
    await request(call.method, call.path, { body: call.body })
    await client.invalidateQueries()
    say(isActive ? 'Deactivated: all its keys are dead on all servers.' : 'Activated: its keys work again.')
    onClose()
  }
  return (
    <ConfirmDialog
      title={`${isActive ? 'Deactivate' : 'Activate'} ${company.name}?`}
      confirm={isActive ? 'Deactivate company' : 'Activate company'}
      isDangerous={isActive}
      typed={isActive ? { text: company.name, label: 'Type its name' } : undefined}
      call={call}
      onConfirm={set}
      onClose={onClose}
    >
      <p>
        {isActive
          ? 'All keys, tokens and sessions of all its users stop at once, on all servers.'
          : 'Its keys that are not deleted or expired work again.'}
      </p>
    </ConfirmDialog>
  )
}
