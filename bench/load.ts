import { connect, type Socket } from 'node:net'

/** Enough that a server always has work waiting. */
const CONNECTIONS = 32

type Load = {
  readonly port: number
  readonly durationMs: number
  /** The whole text of the next request. */
  readonly next: () => Buffer
  /** Any other status ends the run: a figure of refusals is worth nothing. */
  readonly status?: number
  readonly connections?: number
  /** Ends the load when so many were answered, however early. */
  readonly answersMax?: number
  /**
   * Sleeps until an answer comes, as a caller does. Where others ask as well, a thread that goes on turning would take the
   * core that the server needs.
   */
  readonly sleeps?: boolean
  /** Called with each request's time, milliseconds. */
  readonly onLatency?: (latencyMs: number) => void
}

/**
 * Sends requests over raw keep-alive sockets, on each the next one as soon as the last is answered (no
 * pipelining), and answers how many were answered.
 */
export async function runLoad(load: Load): Promise<number> {
  const sockets = await Promise.all(
    Array.from({ length: load.connections ?? CONNECTIONS }, () => open(load.port)),
  )
  const endsAtMs = performance.now() + load.durationMs
  const { answersMax = Number.POSITIVE_INFINITY } = load
  let answered = 0
  const goesOn = (nowMs: number) => {
    answered += 1
    return nowMs < endsAtMs && answered < answersMax
  }
  const sleepAgain = load.sleeps ? () => {} : stayAwake()
  try {
    await Promise.all(sockets.map((socket) => talk(socket, load, goesOn)))
    return answered
  } finally {
    sleepAgain()
    for (const socket of sockets) socket.destroy()
  }
}

/**
 * Keeps the event loop turning. A server that is slower than this generator would else pay for waking it with
 * each answer, and a faster one would not: up to a fifth of the cost of a request, which is not the server's own.
 */
function stayAwake(): () => void {
  let isAwake = true
  const turn = () => {
    if (isAwake) setImmediate(turn)
  }
  turn()
  return () => {
    isAwake = false
  }
}

/** One request and its body, over a connection of its own. */
export async function ask(port: number, request: Buffer): Promise<{ status: number; body: string }> {
  const socket = await open(port)
  return new Promise((resolve, reject) => {
    const answers = createAnswerReader((status, body) => {
      socket.destroy()
      resolve({ status, body })
    })
    socket.on('data', answers).on('error', reject)
    socket.on('close', () => reject(new Error('the server closed the connection')))
    socket.write(request)
  })
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.removeListener('error', reject)
      resolve(socket)
    })
  })
}

/** Sends and waits in turn, until `goesOn`, which is told of each answer, says no. */
function talk(socket: Socket, load: Load, goesOn: (nowMs: number) => boolean): Promise<void> {
  const { next, status: expected = 200, onLatency } = load
  return new Promise((resolve, reject) => {
    let sentAtMs = 0
    const send = () => {
      sentAtMs = performance.now()
      socket.write(next())
    }
    const answers = createAnswerReader((status, body) => {
      if (status !== expected) {
        reject(new Error(`expected ${expected}, the answer was ${status}: ${body.slice(0, 300)}`))
        return
      }
      const nowMs = performance.now()
      onLatency?.(nowMs - sentAtMs)
      if (goesOn(nowMs)) send()
      else resolve()
    })
    socket.on('data', answers).on('error', reject)
    socket.on('close', () => reject(new Error('the server closed the connection')))
    send()
  })
}

/** Calls back with each whole answer. Reads the lengths that are declared; chunked answers are not needed here. */
function createAnswerReader(onAnswer: (status: number, body: string) => void): (chunk: Buffer) => void {
  let text = ''
  return (chunk) => {
    text += chunk.toString('latin1')
    const headEnd = text.indexOf('\r\n\r\n')
    if (headEnd < 0) return
    const head = text.slice(0, headEnd)
    const status = Number(head.slice(9, 12))
    const declared = /\r\ncontent-length: (\d+)/i.exec(head)?.[1]
    if (declared === undefined && status !== 204) throw new Error(`an answer without a length: ${head}`)
    const bodyStart = headEnd + 4
    const length = Number(declared ?? 0)
    if (text.length < bodyStart + length) return
    const body = text.slice(bodyStart, bodyStart + length)
    text = text.slice(bodyStart + length)
    onAnswer(status, body)
  }
}
