/** A process of an application with a verifier of its own: answers over its channel what it says of a key. */
import { Latchkey } from '@latchkey/client'

const { url, key } = JSON.parse(process.argv[2] ?? '{}') as { url: string; key: string }
const verifier = new Latchkey({ url, key }).verifier()

process.on('message', async ({ ask, secret }: { ask: number; secret: string }) => {
  process.send?.({ ask, code: await codeOf(secret) })
})
process.once('disconnect', () => process.exit())
await verifier.ready()
process.send?.({ ask: 0, code: 'ready' })

async function codeOf(secret: string): Promise<string> {
  try {
    return (await verifier.verify({ key: secret })).code
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'no answer'
  }
}
