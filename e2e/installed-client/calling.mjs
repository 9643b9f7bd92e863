// What an application asks of the API, and what it is told when something is wrong: the last line printed is all of it.
import { AbortError, ApiError, ConnectionError, Latchkey, TimeoutError } from '@latchkey/client'

const [, , stranger, nobody] = process.argv
const latchkey = new Latchkey()
// As this runtime prints what it is given: without the key.
console.log(latchkey)

async function failureOf(call) {
  const error = await call.then(
    () => undefined,
    (failure) => failure,
  )
  const kind = [ApiError, ConnectionError, TimeoutError, AbortError].find((type) => error instanceof type)
  return [kind?.kind ?? String(error), error?.code]
}

const of = (url) => new Latchkey({ url, maxRetries: 0 })
const { userId } = await latchkey.me()
const created = await latchkey.keys.create({ userId, permissions: ['orders:read'] })
const listed = []
for await (const { id } of latchkey.keys.list({ userId, limit: 1 })) listed.push(id)
const { response } = await latchkey.keys.get(created.id).withResponse()
const mayNotVerify = await failureOf(new Latchkey({ key: created.key }).verify({ key: created.key }))
await latchkey.keys.delete(created.id)

console.log(
  JSON.stringify({
    isListed: listed.includes(created.id) && listed.length === new Set(listed).size,
    status: response.status,
    isDeleted: (await latchkey.verify({ key: created.key })).code === 'INACTIVE',
    // The other side has closed the connection without an answer, the first time.
    isAskedAgain: (await of(`${stranger}/hangs-up`).me()).userId === userId,
    failures: {
      'no such key': await failureOf(latchkey.keys.get('key_0')),
      'key that may not verify': mayNotVerify,
      'wrong key': await failureOf(new Latchkey({ key: 'lk_live_x' }).me()),
      nobody: await failureOf(of(nobody).me()),
      silence: await failureOf(of(`${stranger}/silent`).me({ timeoutMs: 200 })),
      signal: await failureOf(of(`${stranger}/silent`).me({ signal: AbortSignal.timeout(200) })),
      redirect: await failureOf(of(`${stranger}/redirects`).me()),
    },
  }),
)
