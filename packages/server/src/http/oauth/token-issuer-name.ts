/**
 * Who our tokens say they are from: what is configured, so that all servers of a deployment say the same, or else
 * where the request was sent (`origin`), in the form in which URL libraries write it.
 */
export function tokenIssuerName(origin: string, publicUrl: string | null): string {
  return publicUrl ?? new URL(origin).origin
}
