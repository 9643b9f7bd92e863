import { errors, type JWTPayload, type JWTVerifyResult } from 'jose'

/** Those of a genuine token, which may be over: that is the last thing that is looked at. */
export async function claimsOf(verifying: Promise<JWTVerifyResult>): Promise<JWTPayload> {
  try {
    return (await verifying).payload
  } catch (error) {
    if (error instanceof errors.JWTExpired) return error.payload
    throw error
  }
}
