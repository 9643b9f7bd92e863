/** A process with a verifier, which says when its memory may answer. */
import { Latchkey } from '@latchkey/client'

process.once('disconnect', () => process.exit())
await new Latchkey().verifier().ready()
process.send?.('ready')
