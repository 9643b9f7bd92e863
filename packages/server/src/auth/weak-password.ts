import { readFileSync } from 'node:fs'

/** Letters, digits and the like that may be added to something easily guessed before it counts as another password. */
const ADDED_MAX = 6
/** A password that repeats a piece holds no more than the piece, and shorter ones are found by trying. */
const PIECE_MIN = 8
/** Of so many steps from one character to the next, one may lead out of a row: 123456qwerty. */
const STEPS_PER_BREAK = 5
/** Shorter parts of a name are in many words. */
const OWN_PART_MIN = 3

const ROWS = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890',
  'qwertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  'qwertzuiop',
  'azertyuiop',
  'йцукенгшщзхъ',
  'фывапролджэ',
]
const STEPS = new Set(
  ROWS.flatMap((row) =>
    [...row].slice(1).flatMap((character, index) => [row[index] + character, character + row[index]]),
  ),
)
/** What people write for a letter. */
const LOOKALIKES: Readonly<Record<string, string>> = {
  '@': 'a',
  '4': 'a',
  '3': 'e',
  '1': 'i',
  '!': 'i',
  '0': 'o',
  $: 's',
  '5': 's',
  '7': 't',
}

/** Whom a password is for: nobody else guesses these first. */
export type Person = { readonly name: string; readonly email: string | null }

/** What is wrong with a password that would be guessed early, to follow its field's name; undefined: nothing. */
export function findWeakness(password: string, person: Person): string | undefined {
  const text = password.normalize('NFKC').toLowerCase()
  if (isCommon(text)) {
    return 'is among the first that attackers try: take another, such as four words that have nothing to do with each other.'
  }
  if (isOwn(text, person)) {
    return 'is little more than the name or the email address of its user: take another, such as four words that have nothing to do with each other.'
  }
  return undefined
}

function isCommon(text: string): boolean {
  const piece = pieceOf(text)
  if (piece !== text && piece.length < PIECE_MIN) return true
  return isRow(text) || formsOf(piece).some((form) => commonPasswords().has(form))
}

/** What a text is when what is commonly done to a word is undone. */
function formsOf(text: string): string[] {
  const bare = withoutGaps(text)
  const core = withoutEnds(bare)
  const words = [bare, core, plainLetters(core)].flatMap((form) => [
    form,
    pieceOf(form),
    withoutEnds(pieceOf(form)),
  ])
  return words.flatMap((word) => [word, [...word].reverse().join('')])
}

/** The text without what is commonly added to a word, at both ends; as it is when that is too much to be guessed. */
function withoutEnds(text: string): string {
  const core = text.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '')
  return text.length - core.length > ADDED_MAX ? text : core
}

const plainLetters = (text: string): string =>
  [...text].map((character) => LOOKALIKES[character] ?? character).join('')
const withoutGaps = (text: string): string => text.replaceAll(/[\s._-]/g, '')

/** The shortest piece that makes the text when it is repeated, perhaps with a part of it at the end. */
function pieceOf(text: string): string {
  const characters = [...text]
  for (let length = 1; length <= characters.length / 2; length += 1) {
    if (characters.every((character, index) => character === characters[index % length])) {
      return characters.slice(0, length).join('')
    }
  }
  return text
}

/** Characters that follow each other on a keyboard, in the alphabet or in counting, forwards or back, or are the same. */
function isRow(text: string): boolean {
  const characters = [...text]
  const breaks = characters.slice(1).filter((character, index) => {
    const before = characters[index]!
    return character !== before && !STEPS.has(before + character)
  }).length
  return breaks * STEPS_PER_BREAK < characters.length - 1
}

/** Whether little is left when everything that belongs to the person is taken out. */
function isOwn(text: string, { name, email }: Person): boolean {
  const parts = [name, email ?? '', SERVICE].flatMap((whole) => {
    const plain = whole.normalize('NFKC').toLowerCase()
    return [plain, ...plain.split(/[^\p{L}\p{N}]+/u)]
  })
  const own = parts
    .filter((part) => part.length >= OWN_PART_MIN)
    .sort((one, other) => other.length - one.length)
  let rest = text
  for (const part of own) rest = rest.replaceAll(part, '')
  return rest !== text && rest.replaceAll(/[^\p{L}\p{N}]/gu, '').length <= ADDED_MAX
}

const SERVICE = 'latchkey'

let common: ReadonlySet<string> | undefined

/** Read when the first password is set: most processes set none. About 400 KB. Its own comments do no harm. */
function commonPasswords(): ReadonlySet<string> {
  common ??= new Set(
    readFileSync(new URL('./common-passwords.txt', import.meta.url), 'utf8')
      .split('\n')
      .map(withoutGaps),
  )
  return common
}
