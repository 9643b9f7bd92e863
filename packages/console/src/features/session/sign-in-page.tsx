import { Notice } from '../../ui/notice.tsx'
import { SignInForm } from './sign-in-form.tsx'

/** Whoever comes without a session signs in, and stays at the address that was asked for. */
export function SignInPage({ isPasswordNew }: { readonly isPasswordNew: boolean }) {
  document.title = 'Sign in · Latchkey'
  return (
    <main className="lk-outside">
      <div className="lk-panel lk-stack">
        <h1>Sign in to Latchkey</h1>
        {isPasswordNew ? <Notice tone="good">Your password is set. Sign in with it.</Notice> : null}
        <SignInForm isPage />
        <details className="lk-more">
          <summary>First time here, or locked out?</summary>
          <p className="lk-small">
            The owner of a new deployment opens the link in its terminal, or runs{' '}
            <code>npx latchkey console-link</code> on its machine. Everybody else is invited by an admin. A
            lost password is set anew with <code>npx latchkey users set-password</code>.
          </p>
        </details>
      </div>
    </main>
  )
}
