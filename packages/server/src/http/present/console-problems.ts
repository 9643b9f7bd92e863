import { kind } from './problem-kind.ts'

/** What only the console is told. */
export const CONSOLE_PROBLEMS = {
  cross_site_request: kind(
    403,
    'Request from another site',
    'The console session counts only in requests that the console itself sends.',
    'Use the console. From a program, send a key: X-API-KEY: <key>.',
  ),
  https_required: kind(
    403,
    'HTTPS required',
    'Signing in to the console takes https, but on the machine itself.',
    'Put TLS in front (docs/operate/tls.md), or open the console on the machine itself.',
  ),
  session_not_found: kind(
    404,
    'Session not found',
    'The session is not one of yours, or it is over.',
    'Load the list of your sessions again.',
  ),
} as const
