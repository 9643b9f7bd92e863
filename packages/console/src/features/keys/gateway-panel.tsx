import { NativeSelect } from '@mantine/core'
import { useState } from 'react'
import { MissingPartError } from '../../api/api-error.ts'
import { CopyButton } from '../../ui/copy-button.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'

/** What a gateway in front of an API needs to check keys. Loaded when somebody opens it. */
export function GatewayPanel() {
  const [files, setFiles] = useState<Readonly<Record<string, string>>>()
  const [error, setError] = useState<unknown>()
  const load = () => {
    setError(undefined)
    import('./gateway-files.ts')
      .then(({ GATEWAY_FILES }) => setFiles(GATEWAY_FILES))
      .catch(() => setError(new MissingPartError()))
  }
  return (
    <details
      className="lk-api"
      onToggle={({ currentTarget: { open } }) => open && files === undefined && load()}
    >
      <summary>Let a gateway check it</summary>
      <ProblemNotice error={error} retry={load} />
      {files === undefined ? null : <GatewayFile files={files} />}
    </details>
  )
}

function GatewayFile({ files }: { readonly files: Readonly<Record<string, string>> }) {
  const [name, setName] = useState(Object.keys(files)[0] ?? '')
  const text = hereIn(files[name] ?? '')
  return (
    <div className="lk-stack">
      <NativeSelect
        label="Gateway"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        data={Object.keys(files)}
      />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and a keyboard must reach it */}
      <section className="lk-file" tabIndex={0} aria-label={name}>
        <pre className="lk-code">{text}</pre>
      </section>
      <div className="lk-row">
        <CopyButton text={text} />
      </div>
    </div>
  )
}

/** With the address under which this service was reached, where that may be one for programs on the same machine. */
const hereIn = (text: string): string =>
  location.protocol === 'http:' ? text.replaceAll('127.0.0.1:7070', location.host) : text
