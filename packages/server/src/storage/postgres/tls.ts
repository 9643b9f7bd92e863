import { type ConnectionOptions, getCACertificates, type SecureVersion } from 'node:tls'
import { StoreError } from '../engine.ts'
import { readGivenFile } from '../given-file.ts'
import { shownWord, urlRefusal } from './url-refusal.ts'

/** The parameters of a URL that are about TLS, under their names. */
export type TlsParameters = Readonly<Partial<Record<(typeof TLS_PARAMETERS)[number], string>>>

export const TLS_PARAMETERS = [
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'sslpassword',
  'ssl_min_protocol_version',
  'ssl_max_protocol_version',
] as const

const MODES = ['disable', 'require', 'verify-ca', 'verify-full']

/**
 * TLS to the database as libpq means it: `require` encrypts and checks nothing, `verify-ca` checks who vouches for
 * the certificate, `verify-full` its name too. Without `sslmode` it is `disable` on this machine and `verify-full`
 * elsewhere. What would go on in the clear after an attempt is refused. Throws StoreError.
 */
export function tlsOf(parameters: TlsParameters, isLocal: boolean): false | ConnectionOptions {
  const { sslrootcert } = parameters
  const mode = modeOf(parameters, isLocal)
  if (mode === 'disable') return false
  // With a certificate to hold it against, `require` checks, as libpq does.
  const isChecked = mode !== 'require' || sslrootcert !== undefined
  return {
    rejectUnauthorized: isChecked,
    ...(mode === 'verify-full' ? {} : { checkServerIdentity: () => undefined }),
    ...(sslrootcert === undefined ? {} : { ca: authorities(sslrootcert) }),
    ...clientCertificate(parameters),
    ...versions(parameters),
  }
}

function modeOf({ sslmode, sslrootcert }: TlsParameters, isLocal: boolean): string {
  // As in libpq: the certificates of the system are many, so that a name must be checked against them.
  if (sslrootcert === 'system' && sslmode !== undefined && sslmode !== 'verify-full') {
    throw urlRefusal(
      `has sslrootcert=system with sslmode=${shownWord(sslmode)}: use sslmode=verify-full with it`,
    )
  }
  const mode = sslmode ?? (isLocal && sslrootcert === undefined ? 'disable' : 'verify-full')
  if (MODES.includes(mode)) return mode
  const why = mode === 'prefer' || mode === 'allow' ? ', which may go on in the clear' : ''
  throw urlRefusal(`has sslmode=${shownWord(mode)}${why}: use ${MODES.join(', ')}`)
}

function authorities(file: string): string | string[] {
  return file === 'system' ? getCACertificates('system') : read(file)
}

function clientCertificate({ sslcert, sslkey, sslpassword }: TlsParameters): ConnectionOptions {
  if (sslcert === undefined && sslkey === undefined) return {}
  if (sslcert === undefined || sslkey === undefined) {
    throw urlRefusal('has one of sslcert and sslkey: give both, or neither')
  }
  const passphrase = sslpassword === undefined ? {} : { passphrase: sslpassword }
  return { cert: read(sslcert), key: read(sslkey), ...passphrase }
}

const VERSIONS: readonly string[] = ['TLSv1.2', 'TLSv1.3'] satisfies readonly SecureVersion[]

function versions(parameters: TlsParameters): ConnectionOptions {
  const read = (name: 'ssl_min_protocol_version' | 'ssl_max_protocol_version') => {
    const version = parameters[name]
    if (version === undefined || version === '') return undefined
    if (VERSIONS.includes(version)) return version as SecureVersion
    throw urlRefusal(`has ${name}=${shownWord(version)}: use ${VERSIONS.join(' or ')}`)
  }
  const [minVersion, maxVersion] = [read('ssl_min_protocol_version'), read('ssl_max_protocol_version')]
  return {
    ...(minVersion === undefined ? {} : { minVersion }),
    ...(maxVersion === undefined ? {} : { maxVersion }),
  }
}

function read(file: string): string {
  try {
    return readGivenFile(file).toString('utf8')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new StoreError(`The file ${file} that DATABASE_URL names cannot be read (${reason}).`)
  }
}
