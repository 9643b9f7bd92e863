// The same package by the other module system; both know the same requests and the same errors.
const { ApiError, keyOf, Latchkey } = require('@latchkey/client')
const { requireKey } = require('@latchkey/client/express')

async function main() {
  const module = await import('@latchkey/client')
  const latchkey = new Latchkey()
  const failure = await latchkey.keys.get('key_0').catch((error) => error)
  const request = {
    rawHeaders: ['X-API-KEY', process.env.LATCHKEY_API_KEY],
    socket: { remoteAddress: '127.0.0.1' },
  }
  await new Promise((resolve, reject) =>
    requireKey({ latchkey })(request, {}, (error) => (error ? reject(error) : resolve())),
  )
  console.log(
    JSON.stringify({
      isOwnError: failure instanceof ApiError,
      isErrorOfOther: failure instanceof module.ApiError,
      code: failure.code,
      isSameKey: module.keyOf(request).keyId === keyOf(request).keyId,
      listed: (await latchkey.keys.list({ limit: 1 }).page()).count,
    }),
  )
}

main()
