import { IncomingMessage } from 'node:http'
import { createGathering, type Gathering } from './gathering.ts'

/**
 * A request that keeps what has come of its body, and nobody has read yet, as one piece. Node would keep it as it came: a
 * packet of chunks of one byte is 10,000 pieces, 4 MB, and six such packets stay while their request waits.
 */
export class GatheredRequest extends IncomingMessage {
  /** Behind what is in the stream already. Only ever something where that is not empty: its reader knows of that. */
  #behind: Gathering | undefined

  /** Node gives it each piece as it comes, and null at the end. Answers whether more may come. */
  override push(piece: Buffer | null): boolean {
    if (piece === null) {
      this.#handOver()
      return super.push(null)
    }
    if (this.readableLength === 0) return super.push(piece)
    this.#behind ??= createGathering()
    this.#behind.add(piece)
    return this.readableLength + this.#behind.size < this.readableHighWaterMark
  }

  /** However it is read, piped or iterated, this is what is called; with 0 by Node itself, after each piece. */
  override read(size?: number): unknown {
    if (size !== 0) this.#handOver()
    return super.read(size)
  }

  #handOver(): void {
    if (this.#behind === undefined) return
    const bytes = this.#behind.bytes()
    this.#behind = undefined
    super.push(bytes)
  }
}
