import { cutOff, ITEM_LENGTH_MAX, itemOf, type JsonItem, tooLong } from './json-item.ts'
import { SourceError } from './source-error.ts'

/**
 * Finds the objects in JSON of any length: in an array, in one of the lists that an object wraps, or one after the other.
 * Follows strings and brackets only; each object is parsed by itself, so that one that is broken costs itself.
 * NOTE: a quote too many shifts what is a string: the file then ends in the middle of a value, which is told.
 */
export class JsonScanner {
  readonly #lists: readonly string[]
  /** One character for each open bracket: `[`, `{`, or `l` for an array whose objects are wanted. */
  readonly #open: string[] = []
  #line = 1
  #isInString = false
  #isEscaped = false
  /** The last string outside a value: the name of what comes next. */
  #name = ''
  #hasSeenList = false
  #list: string | undefined
  /** The value that is being collected, and how many brackets stand around it; -1: there is none. */
  #value = ''
  #depth = -1
  #valueLine = 1
  /** Where in the piece the value or the string begins. */
  #valueStart = 0
  #stringStart = 0

  constructor(lists: readonly string[]) {
    this.#lists = lists
  }

  *read(piece: string): Generator<JsonItem> {
    this.#valueStart = 0
    this.#stringStart = 0
    for (let at = 0; at < piece.length; at++) {
      const character = piece[at]!
      if (character === '\n') this.#line += 1
      if (this.#isInString) this.#readString(piece, at, character)
      else if (character === '"') {
        this.#isInString = true
        this.#stringStart = at + 1
        if (this.#depth < 0) this.#name = ''
      } else if (character === '{' || character === '[') this.#openBracket(at, character)
      else if (character === '}' || character === ']') {
        this.#closeBracket(character)
        if (this.#depth !== this.#open.length) continue
        const item = itemOf(this.#valueLine, this.#value + piece.slice(this.#valueStart, at + 1))
        yield this.#list === undefined ? item : { ...item, list: this.#list }
        this.#depth = -1
      }
    }
    this.#keepRest(piece)
  }

  /** Throws SourceError when something is still open. */
  end(): void {
    if (this.#depth >= 0) throw cutOff(this.#valueLine)
    if (this.#open.length > 0 || this.#isInString) throw cutOff(this.#line)
    if (this.#lists.length > 0 && !this.#hasSeenList) {
      throw new SourceError(
        1,
        `there is no list named ${this.#lists.join(' or ')} in this JSON: is --from right?`,
      )
    }
  }

  #readString(piece: string, at: number, character: string): void {
    if (this.#isEscaped) this.#isEscaped = false
    else if (character === '\\') this.#isEscaped = true
    else if (character === '"') {
      this.#isInString = false
      if (this.#depth < 0) this.#name += piece.slice(this.#stringStart, at)
    }
  }

  #openBracket(at: number, character: string): void {
    const around = this.#open.at(-1)
    const isWanted = around === 'l' || (around === undefined && this.#lists.length === 0)
    if (this.#depth < 0 && character === '{' && isWanted) {
      this.#depth = this.#open.length
      this.#valueLine = this.#line
      this.#valueStart = at
      this.#value = ''
    }
    const isNamed = this.#open.length <= WRAPPERS_MAX && this.#lists.includes(this.#name)
    const isList = this.#depth < 0 && character === '[' && (around === undefined || isNamed)
    this.#hasSeenList ||= isList
    if (isList && isNamed) this.#list = this.#name
    this.#open.push(isList ? 'l' : character)
  }

  #closeBracket(character: string): void {
    if (this.#open.pop() === undefined) {
      throw new SourceError(this.#line, `${character} closes nothing: is the file JSON?`)
    }
  }

  #keepRest(piece: string): void {
    if (this.#depth >= 0) {
      this.#value += piece.slice(this.#valueStart)
      if (this.#value.length > ITEM_LENGTH_MAX) throw tooLong(this.#valueLine)
    } else if (this.#isInString) {
      this.#name = (this.#name + piece.slice(this.#stringStart)).slice(0, NAME_LENGTH_MAX)
    }
  }
}

/** How deep a list may lie in what wraps it: `{"node": {"nodes": […]}}`. */
const WRAPPERS_MAX = 2
const NAME_LENGTH_MAX = 200
