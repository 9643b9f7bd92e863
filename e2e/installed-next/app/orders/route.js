import { keyOf, Latchkey } from '@latchkey/client'
import { withKey } from '@latchkey/client/next'

const latchkey = new Latchkey()

export const GET = withKey((request) => Response.json({ keyId: keyOf(request).keyId }), {
  ...(process.env.JUDGE === 'verifier' ? { verifier: latchkey.verifier() } : { latchkey }),
  permission: 'orders:read',
  // Next listens for a proxy of ours only, which is on this machine.
  peerOf: () => '127.0.0.1',
  clientAddress: { trustedProxies: ['127.0.0.0/8'] },
})
