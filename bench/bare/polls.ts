import { createServer } from 'node:http'
import { announce } from './announce.ts'

/** Answers that fall due so close together go out together, as those of the service do. Milliseconds. */
const TOGETHER_MS = 10

type Question = { readonly after: number | null; readonly hold: number; readonly nonce: string }

const EPOCH = 'x'.repeat(36)
const SERVER = 'y'.repeat(22)
const due = new Map<number, (() => void)[]>()

/** A POST that reads JSON, and answers JSON of the size of "nothing is new" when its time is over. */
const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const { after, hold, nonce } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Question
    afterAll(hold, () => {
      const text = JSON.stringify({
        epoch: EPOCH,
        after,
        through: 1,
        changes: [],
        reset: after === null,
        server: SERVER,
        heldMs: hold,
        provenMsAgo: 123.456,
        leaseMs: 2_000,
        now: new Date().toISOString(),
        nonce,
      })
      response.writeHead(200, {
        'content-type': 'application/json; charset=utf-8',
        'content-length': Buffer.byteLength(text),
      })
      response.end(text)
    })
  })
})
announce(server)

function afterAll(ms: number, answer: () => void): void {
  const nowMs = performance.now()
  const atMs = Math.floor((nowMs + ms) / TOGETHER_MS) * TOGETHER_MS
  if (atMs <= nowMs) {
    answer()
    return
  }
  const together = due.get(atMs)
  if (together !== undefined) {
    together.push(answer)
    return
  }
  due.set(atMs, [answer])
  setTimeout(() => {
    for (const each of due.get(atMs) ?? []) each()
    due.delete(atMs)
  }, atMs - nowMs)
}
