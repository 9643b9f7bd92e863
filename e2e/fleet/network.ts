import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A network between one server and its database that can be made to fail. Bytes are never lost or reordered. */
export type Network = {
  /** The same database, by way of this proxy. */
  readonly url: string
  /** Whatever was held goes through, late. */
  pass(): void
  /** Each piece arrives so much later, in either direction. */
  delay(ms: number): void
  /**
   * Nothing arrives any more, and no connection ends: a black hole. `purpose` holds only connections that named
   * it when they began, such as `listener`; `direction` holds what goes to the database, or what comes from it.
   */
  hold(options?: { readonly purpose?: string; readonly direction?: 'questions' | 'answers' }): void
  /** Ends every connection at once, and refuses others. */
  cut(): void
  /** Connections lead to another server from now on, as those to a name or an address do that was moved. */
  lead(databaseUrl: string): void
  /** Tells the service that the database says no more, while the database still listens. */
  halfClose(): void
  close(): Promise<void>
}

type Direction = 'questions' | 'answers'
type Line = {
  readonly sockets: Readonly<Record<Direction, Socket>>
  /** What the service said first, its application name in it. */
  greeting: string
}
type Weather = {
  readonly isHeld: (line: Line, direction: Direction) => boolean
  readonly isCut: boolean
  readonly delayMs: number
}

const FAIR: Weather = { isHeld: () => false, isCut: false, delayMs: 0 }

/** Listens on a free port in front of the database server that the URL names. */
export async function createNetwork(databaseUrl: string): Promise<Network> {
  let target = new URL(databaseUrl)
  const traffic = createTraffic()
  const listening = createServer({ allowHalfOpen: true }, (client) => {
    if (traffic.weather().isCut) {
      client.destroy()
      return
    }
    const upstream = connect({ host: target.hostname, port: Number(target.port), allowHalfOpen: true })
    traffic.begin({ sockets: { questions: client, answers: upstream }, greeting: '' })
  })
  listening.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const url = new URL(databaseUrl)
  url.port = String((listening.address() as AddressInfo).port)

  return {
    url: url.href,
    pass: () => traffic.become(FAIR),
    delay: (delayMs) => traffic.become({ ...FAIR, delayMs }),
    hold({ purpose = '', direction } = {}) {
      const isHeld = (line: Line, way: Direction) =>
        line.greeting.includes(purpose) && (direction === undefined || way === direction)
      traffic.become({ ...FAIR, isHeld })
    },
    cut() {
      traffic.become({ ...FAIR, isCut: true })
      traffic.endAll()
    },
    lead(otherUrl) {
      target = new URL(otherUrl)
    },
    halfClose() {
      for (const { sockets } of traffic.lines) sockets.questions.end()
    },
    async close() {
      traffic.become({ ...FAIR, isCut: true })
      traffic.endAll()
      listening.close()
      await once(listening, 'close')
    },
  }
}

/** The connections, and the weather over all of them. */
function createTraffic() {
  const lines = new Set<Line>()
  let weather = FAIR
  let turn = Promise.withResolvers<void>()

  /** One direction of one connection, a piece after another. */
  async function carry(line: Line, direction: Direction): Promise<void> {
    const to = line.sockets[direction === 'questions' ? 'answers' : 'questions']
    for await (const piece of line.sockets[direction]) {
      if (direction === 'questions' && line.greeting === '') line.greeting = String(piece)
      if (weather.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, weather.delayMs))
      while (weather.isHeld(line, direction)) await turn.promise
      to.write(piece as Buffer)
    }
    to.end()
  }

  function end(line: Line): void {
    lines.delete(line)
    line.sockets.questions.destroy()
    line.sockets.answers.destroy()
  }

  return {
    lines: lines as ReadonlySet<Line>,
    weather: () => weather,
    become(next: Weather): void {
      weather = next
      turn.resolve()
      turn = Promise.withResolvers<void>()
    },
    begin(line: Line): void {
      lines.add(line)
      for (const direction of ['questions', 'answers'] as const) {
        const socket = line.sockets[direction]
        socket.setNoDelay(true)
        socket.on('error', () => end(line))
        socket.on('close', () => lines.delete(line))
        // A broken connection breaks the other half as well, as a router that forgot it would.
        carry(line, direction).catch(() => end(line))
      }
    },
    endAll(): void {
      for (const line of lines) end(line)
    },
  }
}
