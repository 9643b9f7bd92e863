import { once } from 'node:events'
import { Agent, type ClientRequest, request } from 'node:http'
import { text } from 'node:stream/consumers'

/** As whom something is asked, by the headers that prove it. */
export type Credential = Readonly<Record<string, string>>

/** Somebody who writes as fast as it can over one connection, until it is told to stop. */
export type Writer = {
  /** How often it was answered 201. */
  readonly made: () => number
  stop(): Promise<void>
}

/** `isHeld`: the last byte of each body is sent only when whoever revokes says so, or after a moment. */
export function startWriter(url: string, credential: Credential, body: object, isHeld: boolean): Writer {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  let made = 0
  let isStopped = false
  let finish = () => {}
  const writing = (async () => {
    while (!isStopped) {
      const asked = begin(url, agent, credential, body)
      if (isHeld) {
        await new Promise<void>((resolve) => {
          finish = resolve
        })
      }
      if ((await finishWith(asked)) === 201) made += 1
    }
  })()
  const pushing = isHeld ? setInterval(() => finish(), HELD_MS) : undefined
  return {
    made: () => made,
    async stop() {
      isStopped = true
      finish()
      await writing
      clearInterval(pushing)
      agent.destroy()
    },
  }
}

const HELD_MS = 40

/** A creation whose last byte is still to come. */
function begin(url: string, agent: Agent, credential: Credential, body: object): ClientRequest {
  const bytes = Buffer.from(JSON.stringify(body))
  const asked = request(`${url}/keys`, {
    agent,
    method: 'POST',
    headers: { ...credential, 'content-type': 'application/json', 'content-length': bytes.length },
  })
  asked.on('error', () => {})
  asked.write(bytes.subarray(0, -1))
  return asked
}

/** The status; undefined when there is no answer. */
async function finishWith(asked: ClientRequest): Promise<number | undefined> {
  asked.end('}')
  try {
    const [response] = await once(asked, 'response')
    await text(response)
    return response.statusCode
  } catch {
    return undefined
  }
}
