import type { ReactNode } from 'react'
import { ApiError } from '../api/api-error.ts'
import { CopyButton } from './copy-button.tsx'

type Tone = 'bad' | 'warn' | 'good' | 'note'

/** A sentence that somebody has to see. What is wrong is read out at once. */
export function Notice({ tone, children }: { readonly tone: Tone; readonly children: ReactNode }) {
  return (
    <div className={`lk-alert lk-alert-${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
      {children}
    </div>
  )
}

type ProblemProps = { readonly error: unknown; readonly retry?: (() => void) | undefined }

/** What went wrong, in the API's own words, with the request id for whoever runs the service. */
export function ProblemNotice({ error, retry }: ProblemProps) {
  if (error === undefined || error === null) return null
  const message = error instanceof Error ? error.message : String(error)
  const requestId = error instanceof ApiError ? error.requestId : ''
  return (
    <Notice tone="bad">
      <p>{message}</p>
      {requestId === '' ? null : (
        <p className="lk-small">
          Request <span className="lk-mono">{requestId}</span>{' '}
          <CopyButton text={requestId} label="Copy request id" isLink />
        </p>
      )}
      {retry === undefined ? null : (
        <p>
          <button type="button" className="lk-link" onClick={retry}>
            Try again
          </button>
        </p>
      )}
    </Notice>
  )
}
