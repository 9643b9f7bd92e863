// Judges keys in this process: each line that comes in is a question, each that goes out its answer.
import { createInterface } from 'node:readline'
import { Latchkey } from '@latchkey/client'

const verifier = new Latchkey().verifier()

async function verify(key) {
  const asked = verifier.verify({ key })
  const isAtOnce = !(asked instanceof Promise)
  return { code: (await asked).code, isAtOnce }
}

/** What keeps this process alive, besides its input. Only Node can say it. */
const left = () =>
  (process.getActiveResourcesInfo?.() ?? []).filter((name) => !['PipeWrap', 'Immediate'].includes(name))

const ANSWERS = {
  verify,
  ready: async () => {
    await verifier.ready()
    return true
  },
  state: async () => verifier.state,
  close: async () => {
    await verifier.close()
    // What was closed is gone a few turns later.
    for (let turn = 0; turn < 100 && left().length > 0; turn++) await new Promise(setImmediate)
    return left()
  },
}

for await (const line of createInterface({ input: process.stdin })) {
  const [name, argument] = line.split(' ')
  const answer = await ANSWERS[name](argument).catch((error) => ({
    error: error.code,
    message: error.message,
  }))
  console.log(JSON.stringify(answer))
}
