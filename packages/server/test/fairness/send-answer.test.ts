/** Answers over a real connection: whole whatever they are made of, and nobody is waited for without end. */
import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Answer } from '../../src/http/wire/answer.ts'
import { sendAnswer } from '../../src/http/wire/send-answer.ts'

let server: Server
let answer: Answer
/** What is called off, or comes, after the time a client has. */
let watches: { isOff: boolean; come(): void }[]
let overs: number
let begin: (response: ServerResponse) => void

beforeEach(async () => {
  watches = []
  overs = 0
  begin = send
  server = createServer((_, response) => begin(response))
  await once(server.listen(0, '127.0.0.1'), 'listening')
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

function send(response: ServerResponse): void {
  sendAnswer(
    response,
    {
      ...answer,
      onOver: () => {
        overs += 1
      },
    },
    {},
    (_ms, come) => {
      const watch = { isOff: false, come }
      watches.push(watch)
      return () => {
        watch.isOff = true
      }
    },
  )
}

const answerOf = (body: Answer['body']): Answer => ({ status: 200, headers: {}, body })
const pieces = (count: number, bytes: number) =>
  Array.from({ length: count }, (_, index) => Buffer.alloc(bytes, 97 + (index % 26)))

async function open(method = 'GET'): Promise<Socket> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write(`${method} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
  return socket
}

async function read(socket: Socket): Promise<{ head: string; body: Buffer }> {
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk as Buffer)
  const all = Buffer.concat(chunks)
  const headEnd = all.indexOf('\r\n\r\n')
  return { head: all.toString('latin1', 0, headEnd), body: all.subarray(headEnd + 4) }
}

describe('an answer', () => {
  test.each<readonly [string, Answer['body'], number]>([
    ['of text', 'grün', 5],
    ['of bytes', Buffer.from('abc'), 3],
    ['of no pieces', [], 0],
    ['of a few pieces', pieces(3, 10), 30],
    ['of many pieces', pieces(300, 32 * 1024), 300 * 32 * 1024],
  ])('%s arrives whole, with its length', async (_, body, length) => {
    answer = answerOf(body)
    const got = await read(await open())
    expect(got.head).toContain(`content-length: ${length}`)
    const sent = Array.isArray(body) ? Buffer.concat(body as Buffer[]) : Buffer.from(body as string)
    expect(got.body.equals(sent)).toBe(true)
    expect(overs).toBe(1)
    expect(watches.every(({ isOff }) => isOff)).toBe(true)
  })

  test('to HEAD has the length of the whole and no body', async () => {
    answer = answerOf(pieces(3, 10))
    const got = await read(await open('HEAD'))
    expect(got.head).toContain('content-length: 30')
    expect(got.body.length).toBe(0)
    expect(overs).toBe(1)
  })
})

describe('a client that takes nothing', () => {
  test.each<readonly [string, Answer['body']]>([
    ['of an answer in pieces', pieces(1_000, 32 * 1024)],
    ['of an answer in one', Buffer.alloc(32_000 * 1024)],
  ])('%s loses the connection when its time is over, and what was held for it is let go', async (_, body) => {
    const begun = Promise.withResolvers<ServerResponse>()
    begin = (response) => {
      send(response)
      begun.resolve(response)
    }
    answer = answerOf(body)
    const socket = await open()
    socket.pause()
    const response = await begun.promise
    expect([overs, watches.length, watches[0]?.isOff]).toEqual([0, 1, false])
    const closed = once(response, 'close')
    watches[0]!.come()
    await closed
    expect(overs).toBe(1)
    expect(response.socket?.destroyed ?? true).toBe(true)
    socket.destroy()
  })

  test('and leaves is not waited for', async () => {
    const begun = Promise.withResolvers<ServerResponse>()
    begin = begun.resolve
    answer = answerOf(pieces(10, 1_000))
    const socket = await open()
    const response = await begun.promise
    const closed = once(response, 'close')
    socket.destroy()
    await closed
    send(response)
    expect(overs).toBe(1)
  })
})
