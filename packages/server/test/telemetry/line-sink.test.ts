import { Writable } from 'node:stream'
import { expect, it } from 'vitest'
import { createLineSink, WAITING_BYTES_MAX } from '../../src/telemetry/line-sink.ts'

it('a reader who stands still costs a bounded memory, and is told later how many lines it has missed', async () => {
  const read: string[] = []
  let resume = () => {}
  const stream = new Writable({
    decodeStrings: false,
    write(line: string, _encoding, done) {
      read.push(line)
      resume = done
    },
  })
  const write = createLineSink(stream)
  const line = `${'x'.repeat(1023)}\n`
  const sent = (2 * WAITING_BYTES_MAX) / line.length
  for (let n = 0; n < sent; n++) write(line)
  expect(stream.writableLength).toBeLessThan(WAITING_BYTES_MAX + 2 * line.length)

  while (stream.writableLength > 0) {
    resume()
    await Promise.resolve()
  }
  write('again\n')
  while (stream.writableLength > 0) {
    resume()
    await Promise.resolve()
  }
  const kept = read.filter((text) => text === line).length
  const [told = '', again] = read.slice(kept)
  expect(JSON.parse(told)).toMatchObject({ event: 'log_lost', lines: sent - kept })
  expect(again).toBe('again\n')
})
