/** JSON as a page shows it, held against what came. What differs from run to run is not looked at. */

/** What stands for something left out: in a text for its rest, in a list for more items, in an object for more fields. */
const LEFT_OUT = '…'

/** Whether a block shows one of the answers in what was printed. */
export function showsAnswer(block: string, printed: string): boolean {
  const shown: unknown = JSON.parse(withMarks(block))
  return answersIn(printed).some((answer) => isShownBy(shown, answer))
}

/** Every JSON object in a text, in order. Headers and statuses stand between them. */
function answersIn(printed: string): unknown[] {
  const answers: unknown[] = []
  let from = printed.indexOf('{')
  while (from >= 0) {
    const end = endOfObject(printed, from)
    const answer = end === undefined ? undefined : parsed(printed.slice(from, end))
    if (answer !== undefined) answers.push(answer)
    from = printed.indexOf('{', answer === undefined ? from + 1 : end)
  }
  return answers
}

/** Strings count as one piece: they may hold brackets. */
const PIECE = /"(?:[^"\\]|\\.)*"|[{}[\]…]/g

function endOfObject(text: string, from: number): number | undefined {
  let depth = 0
  for (const { 0: piece, index } of text.slice(from).matchAll(PIECE)) {
    if (piece === '{') depth += 1
    if (piece === '}') depth -= 1
    if (depth === 0) return from + index + 1
  }
  return undefined
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The same as JSON: what is left out becomes a field or an item of its own. */
function withMarks(block: string): string {
  const open: string[] = []
  return block.replaceAll(PIECE, (piece) => {
    if (piece === '{' || piece === '[') open.push(piece)
    if (piece === '}' || piece === ']') open.pop()
    if (piece !== LEFT_OUT) return piece
    return open.at(-1) === '{' ? `"${LEFT_OUT}": 0` : `"${LEFT_OUT}"`
  })
}

function isShownBy(shown: unknown, came: unknown): boolean {
  if (typeof shown === 'string') return typeof came === 'string' && isTextShownBy(shown, came)
  if (typeof shown === 'number') return typeof came === 'number'
  if (Array.isArray(shown)) return Array.isArray(came) && areItemsShownBy(shown, came)
  if (!isObject(shown)) return shown === came
  return isObject(came) && areFieldsShownBy(shown, came)
}

function areItemsShownBy(shown: readonly unknown[], came: readonly unknown[]): boolean {
  const items = shown.filter((item) => item !== LEFT_OUT)
  const isWhole = items.length === shown.length
  if (isWhole ? items.length !== came.length : items.length > came.length) return false
  return items.every((item, index) => isShownBy(item, came[index]))
}

/** In the order in which they come. */
function areFieldsShownBy(shown: Fields, came: Fields): boolean {
  const names = Object.keys(shown).filter((name) => name !== LEFT_OUT)
  const isWhole = names.length === Object.keys(shown).length
  const there = Object.keys(came).filter((name) => isWhole || names.includes(name))
  return names.join() === there.join() && names.every((name) => isShownBy(shown[name], came[name]))
}

function isTextShownBy(shown: string, came: string): boolean {
  const [beginning = '', rest] = shown.split(LEFT_OUT)
  return rest === undefined ? shapeOf(shown) === shapeOf(came) : shapeOf(came).startsWith(shapeOf(beginning))
}

const shapeOf = (text: string): string =>
  text
    .replace(/^[0-9a-f]{64}$/, 'a hash')
    .replaceAll(/\b([a-z]{3}_)[0-9a-z]{26}\b/g, '$1')
    .replaceAll(/\blk_live_\w+/g, 'lk_live_')
    .replace(/^eyJ[\w.-]*$/, 'eyJ')
    .replace(/\.\.\.\w{4}$/, '...')
    .replaceAll(/\d[\d.:TZ-]*/g, '0')

type Fields = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null
