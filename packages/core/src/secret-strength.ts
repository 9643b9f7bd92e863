/**
 * Why a text is too weak to be the server secret, written to follow its name; undefined: nothing speaks against it. A
 * signed token lets whoever has one try secrets at leisure, as many a second as there is hardware. What is random,
 * in hex or base64 and of 32 characters, is never refused: each rule is met by less than one in 10^12 of those.
 */
export function weaknessOf(secret: string): string | undefined {
  const distinct = new Set(secret).size
  if (distinct < DISTINCT_MIN) return `holds only ${distinct} different characters`
  if (isRepeated(secret)) return 'is a short text, repeated'
  if (countJumps(secret) < JUMPS_MIN) return 'is a run of neighbouring characters'
  return withoutKnown(secret).length < UNKNOWN_MIN ? 'is made of words that everybody tries first' : undefined
}

/** (5/16)^32 of the random texts in hex hold 5 or fewer, times 4,368 ways to choose them: 3 in 10^13. */
const DISTINCT_MIN = 6

/** Characters that do not lie beside the one before. Of 31 steps in random hex 5 of 6 are such. */
const JUMPS_MIN = 7

/** What is left of a text without its known words has to be a secret by itself, if a short one. */
const UNKNOWN_MIN = 12

/** Whether it consists of a text of at most half its length, again and again; the last time perhaps cut off. */
function isRepeated(text: string): boolean {
  for (let period = 1; period <= text.length / 2; period++) {
    if (text.startsWith(text.slice(period))) return true
  }
  return false
}

function countJumps(text: string): number {
  let jumps = 0
  for (let index = 1; index < text.length; index++) {
    if (Math.abs(text.charCodeAt(index) - text.charCodeAt(index - 1)) > 1) jumps += 1
  }
  return jumps
}

/** What stands in examples, templates and lists of the most frequent passwords. Longer ones first: they hold others. */
const KNOWN = [
  'correcthorsebatterystaple',
  'donotuseinproduction',
  'thequickbrownfoxjumpsoverthelazydog',
  'loremipsumdolorsitamet',
  '1qaz2wsx3edc4rfv',
  'thisisaverylongsecret',
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890',
  '1234567890',
  '9876543210',
  'qwertyuiop',
  'asdfghjkl',
  '5tgb6yhn7ujm',
  'characters',
  'production',
  'placeholder',
  'development',
  'replaceme',
  'changeme',
  'zxcvbnm',
  'insecure',
  'iloveyou',
  'password',
  'passwort',
  'passphrase',
  'topsecret',
  'latchkey',
  'database',
  'example',
  'letmein',
  'atleast',
  'session',
  'signing',
  'welcome',
  'default',
  'replace',
  'generate',
  'private',
  'secure',
  'random',
  'qwertz',
  'qwerty',
  'azerty',
  'dragon',
  'monkey',
  'master',
  'please',
  'change',
  'insert',
  'secret',
  'server',
  'string',
  'really',
  'admin',
  'super',
  'token',
  'value',
  'local',
  'test',
  'todo',
  'your',
  'this',
  'here',
  'very',
  'long',
  'with',
  'pass',
  'user',
  'root',
  'demo',
  'hmac',
  'dev',
  'jwt',
  'key',
  '123',
] as const

/** Letters as those write them who want to be clever. */
const DISGUISES: readonly (readonly [RegExp, string])[] = [
  [/@/g, 'a'],
  [/\$/g, 's'],
]

function withoutKnown(secret: string): string {
  let text = secret.toLowerCase()
  for (const [disguise, letter] of DISGUISES) text = text.replace(disguise, letter)
  text = text.replace(/[^a-z0-9]/g, '')
  for (const known of KNOWN) text = text.replaceAll(known, '')
  // A year, or a counter at the end, is no secret either.
  return text.replace(/(?:19|20)\d\d/g, '').replace(/\d{1,4}$/, '')
}
