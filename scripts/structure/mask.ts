export type Masks = {
  /** The text with comments, and what stands inside strings, templates and regexes, replaced by spaces. */
  readonly code: string
  /** The text with everything but comments replaced by spaces. */
  readonly comments: string
}

const SPACE = /\s+/y
const WORD = /[\w$]+/y
const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|^#![^\n]*/y
// A string never spans lines, so a lone apostrophe in JSX text is not taken for the start of one.
const STRING = /'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y
const REGEX = /\/(?![*/>])(?:[^\\/[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/y
const TEMPLATE_TEXT = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*/y
const STEP = /\+\+|--|[\s\S]/y

/** After these a slash begins a regex; after a value (a word, `)`, `]`, a string) it divides. */
const BEFORE_REGEX =
  /^(?:[(,=:[!&|?{};+\-*%>~^]|return|typeof|case|in|of|delete|void|throw|new|else|do|await|yield|instanceof)?$/

/** Both masks have the length and the line breaks of the text, so a position means the same in all three. */
export function maskSource(text: string): Masks {
  const lexer = new Lexer(text)
  while (lexer.position < text.length) lexer.step()
  return { code: lexer.code, comments: lexer.comments }
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ')
}

class Lexer {
  position = 0
  code = ''
  comments = ''
  readonly #text: string
  #previous = ''
  #depth = 0
  /** The brace depths at which the templates we are inside of go on. */
  readonly #templates: number[] = []

  constructor(text: string) {
    this.#text = text
  }

  step(): void {
    if (this.#take(SPACE, 'code') !== '') return
    if (this.#take(COMMENT, 'comment') !== '') return
    const token =
      this.#take(WORD, 'code') ||
      this.#take(STRING, 'quoted') ||
      (BEFORE_REGEX.test(this.#previous) ? this.#take(REGEX, 'quoted') : '') ||
      this.#take(STEP, 'code')
    this.#previous = token
    if (token === '`') this.#takeTemplateText()
    if (token === '{') this.#depth += 1
    if (token === '}') this.#closeBrace()
  }

  #closeBrace(): void {
    const isExpressionEnd = this.#templates.at(-1) === this.#depth
    this.#depth -= 1
    if (!isExpressionEnd) return
    this.#templates.pop()
    this.#takeTemplateText()
  }

  /** Up to the closing backtick, or to the brace that opens an expression, which is code again. */
  #takeTemplateText(): void {
    this.#take(TEMPLATE_TEXT, 'text')
    if (this.#text[this.position] === '$') {
      this.#take(STEP, 'code')
      this.#take(STEP, 'code')
      this.#depth += 1
      this.#templates.push(this.#depth)
      this.#previous = '{'
    } else {
      this.#take(STEP, 'code')
      this.#previous = '`'
    }
  }

  #take(pattern: RegExp, kind: 'code' | 'comment' | 'quoted' | 'text'): string {
    pattern.lastIndex = this.position
    const found = pattern.exec(this.#text)?.[0] ?? ''
    this.position += found.length
    this.comments += kind === 'comment' ? found : blank(found)
    if (kind === 'code') this.code += found
    else if (kind === 'quoted')
      this.code += `${found[0] ?? ''}${blank(found.slice(1, -1))}${found.slice(1).at(-1) ?? ''}`
    else this.code += blank(found)
    return found
  }
}
