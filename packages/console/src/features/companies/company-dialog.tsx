import type { Company } from '@latchkey/contract/schemas/companies'
import { Button, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { faultOf } from '../../api/api-error.ts'
import { changedOnly } from '../../api/changed-only.ts'
import { request } from '../../api/request.ts'
import { ApiCall } from '../../ui/api-call.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { say } from '../../ui/toasts.tsx'

/** `company` undefined: a new one. */
type CompanyDialogProps = { readonly company: Company | undefined; readonly onClose: () => void }

export function CompanyDialog({ company, onClose }: CompanyDialogProps) {
  const client = useQueryClient()
  const [name, setName] = useState(company?.name ?? '')
  const [externalId, setExternalId] = useState(company?.externalId ?? '')
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const typed = { name: name.trim(), externalId: externalId.trim() === '' ? null : externalId.trim() }
  const body = changedOnly(company, typed)
  const [method, path] =
    company === undefined ? ['POST', '/companies'] : ['PATCH', `/companies/${company.id}`]
  const save = async (event: FormEvent) => {
    event.preventDefault()
    if (Object.keys(body).length === 0) return onClose()
    setBusy(true)
    setError(undefined)
    try {
      await request(method!, path!, { body })
      await client.invalidateQueries({ queryKey: ['companies'] })
      say('Saved.')
      onClose()
    } catch (failure) {
      setError(failure)
      setBusy(false)
    }
  }
  return (
    <Dialog onClose={onClose} title={company === undefined ? 'Add company' : 'Edit company'}>
      <form onSubmit={save} className="lk-stack">
        <TextInput
          label="Name"
          data-autofocus
          required
          withAsterisk={false}
          maxLength={200}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={faultOf(error, 'name')}
        />
        <TextInput
          label="External id"
          description="Your own id of this customer, if you have one."
          maxLength={200}
          value={externalId}
          onChange={(event) => setExternalId(event.currentTarget.value)}
          error={faultOf(error, 'externalId')}
        />
        <ProblemNotice error={error} />
        <div className="lk-actions">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={isBusy}>
            {company === undefined ? 'Add company' : 'Save'}
          </Button>
        </div>
        <ApiCall method={method!} path={path!} body={body} />
      </form>
    </Dialog>
  )
}
