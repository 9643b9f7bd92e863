import { Button, NativeSelect, useMantineColorScheme } from '@mantine/core'
import { Link, Outlet, useRouter } from '@tanstack/react-router'
import { useEffect } from 'react'
import { acting } from './api/acting.ts'
import { useMay, useMe, useNameOf } from './api/queries.ts'
import { actFor } from './api/session-calls.ts'
import { useStore } from './api/store.ts'
import { SignOutButton } from './ui/sign-out-button.tsx'

/** What stands around every page. */
export function Frame() {
  const router = useRouter()
  useEffect(
    () =>
      router.subscribe('onRendered', ({ fromLocation, pathChanged }) => {
        if (fromLocation !== undefined && pathChanged) keepPlace()
      }),
    [router],
  )
  return (
    <>
      <button type="button" className="lk-skip" onClick={skipToPage}>
        Skip to the page
      </button>
      <div className="lk-frame">
        <Side />
        <div>
          <ActingBanner />
          <main className="lk-main" id="main" tabIndex={-1}>
            <Outlet />
          </main>
        </div>
      </div>
    </>
  )
}

/** What led to another page may be gone with the one before: then the new page has the focus, and not nothing. */
function keepPlace(): void {
  // A dialog that closes with it gives back first what it took.
  setTimeout(() => {
    if (document.activeElement === document.body) focusPage({ preventScroll: true })
  })
}

/** No link: that would be a step in the history of which the router knows nothing. */
const skipToPage = (): void => focusPage()

function focusPage(options?: FocusOptions): void {
  document.querySelector<HTMLElement>('#main')?.focus(options)
}

function Side() {
  const may = useMay()
  const me = useMe()
  const nameOf = useNameOf()
  return (
    <aside className="lk-side" aria-label="Console">
      <Link to="/keys" className="lk-brand">
        <svg width="20" height="20" viewBox="0 0 16 16" aria-hidden="true">
          <path fill="none" stroke="currentColor" strokeWidth="3" d="M2 14V8a6 6 0 1 1 6 6z" />
        </svg>
        Latchkey
      </Link>
      <nav className="lk-nav" aria-label="Pages of the console">
        <Link to="/keys">Keys</Link>
        <Link to="/why">Why was it refused?</Link>
        {may('keys:read') ? <Link to="/usage">Usage</Link> : null}
        {may('users:list') ? <Link to="/users">Users</Link> : null}
        {may('companies:list') ? <Link to="/companies">Companies</Link> : null}
        {may('audit:read') ? <Link to="/audit">Audit</Link> : null}
        <Link to="/settings">Settings</Link>
      </nav>
      <div className="lk-who">
        <span className="lk-text">
          {nameOf(me.userId)} ({me.role})
        </span>
        <SchemeChoice />
        <SignOutButton>Sign out</SignOutButton>
      </div>
    </aside>
  )
}

function SchemeChoice() {
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true })
  return (
    <NativeSelect
      aria-label="Colours"
      value={colorScheme}
      onChange={(event) => setColorScheme(event.currentTarget.value as typeof colorScheme)}
      data={[
        { value: 'auto', label: 'System colours' },
        { value: 'light', label: 'Light' },
        { value: 'dark', label: 'Dark' },
      ]}
    />
  )
}

/** Whoever acts for another company sees so on every page, wherever on it. */
function ActingBanner() {
  const company = useStore(acting)
  if (company === undefined) return null
  return (
    <div className="lk-acting" role="status">
      <strong className="lk-text lk-short">You act for {company.name}</strong>
      <Button variant="default" onClick={() => void actFor(undefined)}>
        Stop
      </Button>
    </div>
  )
}
