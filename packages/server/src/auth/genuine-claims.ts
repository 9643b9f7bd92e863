import { errors, type JWTPayload, type JWTVerifyResult } from 'jose'

/** The claims of a genuine token. It may be over: that is checked last. */
export async function claimsOf(verifying: Promise<JWTVerifyResult>): Promise<JWTPayload> {
  try {
    return (await verifying).payload
  } catch (error) {
    if (error instanceof errors.JWTExpired) return error.payload
    throw error
  }
}
