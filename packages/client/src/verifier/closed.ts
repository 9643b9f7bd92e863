import { LatchkeyError } from '../errors.ts'

/** The error of whoever asks a verifier that was closed. */
export const verifierClosed = () =>
  new LatchkeyError('verifier_closed', 'The verifier was closed: make another one with latchkey.verifier().')
