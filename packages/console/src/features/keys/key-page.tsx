import type { ApiKey } from '@latchkey/contract/schemas/keys'
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { useKeyRights } from '../../api/key-rights.ts'
import { keyQuery } from '../../api/queries.ts'
import { ApiCall } from '../../ui/api-call.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { Page } from '../../ui/page.tsx'
import { DeleteKeyDialog } from './delete-key-dialog.tsx'
import { EditKeyDialog } from './edit-key-dialog.tsx'
import { EnableButton } from './enable-button.tsx'
import { GatewayPanel } from './gateway-panel.tsx'
import { KeyFacts } from './key-facts.tsx'
import { KeyHistory } from './key-history.tsx'
import { RotateDialog } from './rotate-dialog.tsx'
import { RotationPanel } from './rotation-panel.tsx'
import { TryPanel } from './try-panel.tsx'
import { UsagePanel } from './usage-panel.tsx'

type Open = 'edit' | 'rotate' | 'delete'

/** One key: what it is, what can be done with it, what was done. */
export function KeyPage() {
  const { keyId = '' } = useParams({ strict: false })
  const { data, error, isPending, refetch } = useQuery({
    ...keyQuery(keyId),
    refetchInterval: ({ state }) => lookAgainMs(state.data?.body),
  })
  if (isPending) return <Page title="Key">{null}</Page>
  if (data === undefined) {
    return (
      <Page title="Key" lead={<Link to="/keys">All keys</Link>}>
        <ProblemNotice error={error} retry={() => void refetch()} />
      </Page>
    )
  }
  return <Loaded apiKey={data.body} etag={data.etag} />
}

/** A new key is waited for, and so is the end of an old secret: what they do shows by itself. */
function lookAgainMs(apiKey: ApiKey | undefined): number | false {
  if (isWaitedFor(apiKey)) return 2_000
  return apiKey?.rotation == null ? false : 5_000
}

function isWaitedFor(apiKey: ApiKey | undefined): boolean {
  return apiKey !== undefined && apiKey.statusReason === null && apiKey.lastUsedAt === null
}

type LoadedProps = { readonly apiKey: ApiKey; readonly etag: string | undefined }

function Loaded({ apiKey, etag }: LoadedProps) {
  const { may, reason } = useKeyRights(apiKey)
  const [open, setOpen] = useState<Open>()
  const close = () => setOpen(undefined)
  const isDeleted = apiKey.deletedAt !== null
  return (
    <Page
      title={apiKey.description ?? 'Key without a description'}
      lead={
        <>
          <Link to="/keys">All keys</Link> · <span className="lk-mono">{apiKey.key}</span>
        </>
      }
      actions={
        isDeleted ? undefined : (
          <>
            {may('change') ? <EnableButton apiKey={apiKey} /> : null}
            {may('change') ? (
              <Button variant="default" onClick={() => setOpen('edit')}>
                Edit
              </Button>
            ) : null}
            {may('rotate') && apiKey.statusReason === null ? (
              <Button variant="default" onClick={() => setOpen('rotate')}>
                Rotate
              </Button>
            ) : null}
            {may('delete') ? (
              <Button color="red" onClick={() => setOpen('delete')}>
                Delete key
              </Button>
            ) : null}
          </>
        )
      }
    >
      {isDeleted || reason === undefined ? null : <p className="lk-dim">{reason}</p>}
      {isWaitedFor(apiKey) || apiKey.lastUsedAt !== null ? <TryPanel apiKey={apiKey} /> : null}
      {/* What was asked of one rotation is not asked of the next. */}
      <RotationPanel key={apiKey.rotation?.startedAt} apiKey={apiKey} may={may} />
      <div className="lk-columns">
        <KeyFacts apiKey={apiKey} />
        <KeyHistory keyId={apiKey.id} />
      </div>
      <UsagePanel apiKey={apiKey} />
      <GatewayPanel />
      <ApiCall path={`/keys/${apiKey.id}`} />
      {open === 'edit' ? <EditKeyDialog apiKey={apiKey} etag={etag} onClose={close} /> : null}
      {open === 'rotate' ? <RotateDialog apiKey={apiKey} onClose={close} /> : null}
      {open === 'delete' ? <DeleteKeyDialog apiKey={apiKey} onClose={close} /> : null}
    </Page>
  )
}
