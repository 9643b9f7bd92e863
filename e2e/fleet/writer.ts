import { Agent, request } from 'node:http'

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
      asked.finish()
      if ((await asked.answered) === 201) made += 1
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

/** A creation whose last byte is still to come. Refused, it may be answered before. */
function begin(url: string, agent: Agent, credential: Credential, body: object) {
  const bytes = Buffer.from(JSON.stringify(body))
  const asked = request(`${url}/keys`, {
    agent,
    method: 'POST',
    headers: { ...credential, 'content-type': 'application/json', 'content-length': bytes.length },
  })
  const answered = new Promise<number | undefined>((resolve) => {
    asked.on('error', () => resolve(undefined))
    asked.on('response', (response) => {
      response.on('error', () => resolve(undefined))
      response.on('end', () => resolve(response.statusCode)).resume()
    })
  })
  asked.write(bytes.subarray(0, -1))
  return { answered, finish: () => asked.end('}') }
}
