import type { Config } from '../config.ts'
import { type Finding, fine, problem, reasonOf } from './finding.ts'

/** Whether the service would start with the outside issuers that were listed; undefined: none were. */
export async function diagnoseIssuers({
  issuersFile,
  publicUrl,
}: Pick<Config, 'issuersFile' | 'publicUrl'>): Promise<Finding | undefined> {
  if (issuersFile === null) return undefined
  const { readIssuersFile } = await import('../issuers-file.ts')
  try {
    const names = readIssuersFile(issuersFile, publicUrl).map(({ issuer }) => issuer)
    return fine('issuers', `tokens are taken from ${names.join(', ') || 'nobody: the file lists none'}`)
  } catch (error) {
    return problem('issuers', reasonOf(error), 'Correct the file: the service does not start with it.')
  }
}
