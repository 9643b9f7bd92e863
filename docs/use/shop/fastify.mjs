// A shop with an API: customers look at their orders and place some, make keys of their own and delete them.
// LATCHKEY_URL and LATCHKEY_API_KEY: the key of an admin, in a company of the shop's own. PORT: where it listens.
import { findKeyOf, keyOf, Latchkey } from '@latchkey/client'
import { requireKey } from '@latchkey/client/fastify'
import Fastify from 'fastify'

const latchkey = new Latchkey()
const verifier = latchkey.verifier()
const app = Fastify()

const PRICES = { tea: 4, coffee: 5 }
/** Of each customer, by the user that its keys stand for. */
const orders = new Map()

/** Every guard of the shop. Before it stands a proxy, on this machine. */
const guard = (more) => ({
  onRequest: requireKey({ verifier, clientAddress: { trustedProxies: ['127.0.0.0/8', '::1'] }, ...more }),
})

// Everybody may look. Whoever has a key pays less, and a bad key is told so.
app.get('/prices', guard({ optional: true }), async (request) => {
  const discount = findKeyOf(request) === undefined ? 0 : 1
  return Object.fromEntries(Object.entries(PRICES).map(([item, price]) => [item, price - discount]))
})

app.get('/orders', guard({ permission: 'orders:read' }), async (request) => {
  return orders.get(keyOf(request).userId) ?? []
})

app.post('/orders', guard({ permission: 'orders:write' }), async (request, reply) => {
  const { userId, keyId } = keyOf(request)
  const { item } = request.body ?? {}
  if (!Object.hasOwn(PRICES, item)) return reply.code(422).send({ detail: 'item: tea or coffee.' })
  const order = { item, price: PRICES[item] - 1, orderedBy: keyId }
  orders.set(userId, [...(orders.get(userId) ?? []), order])
  reply.code(201)
  return order
})

// A new customer gets a first key, which may do all that the shop's customers may, and make keys that may do less.
app.post('/customers', async (request, reply) => {
  const { id } = await latchkey.users.create({ name: request.body?.name, role: 'developer' })
  const { key } = await latchkey.keys.create({ userId: id, permissions: ['orders:*', 'shop:keys'] })
  reply.code(201)
  return { key }
})

// One guard for all routes of a plugin.
app.register(async (own) => {
  own.addHook('onRequest', guard({ permission: 'shop:keys' }).onRequest)

  own.get('/keys', async (request) => {
    const keys = []
    for await (const key of latchkey.keys.list({ userId: keyOf(request).userId }))
      keys.push({ id: key.id, description: key.description, lastUsedAt: key.lastUsedAt })
    return keys
  })

  own.post('/keys', async (request, reply) => {
    const { description, whitelistedIPs } = request.body ?? {}
    const { id, key } = await latchkey.keys.create({
      userId: keyOf(request).userId,
      permissions: ['orders:read'],
      description,
      whitelistedIPs,
    })
    reply.code(201)
    return { id, key }
  })

  // When this answers, the key is refused: here, and wherever else it is asked about.
  own.delete('/keys/:id', async (request, reply) => {
    const { userId } = await latchkey.keys.get(request.params.id)
    if (userId !== keyOf(request).userId) return reply.code(404).send({ detail: 'You have no such key.' })
    await latchkey.keys.delete(request.params.id)
    return reply.code(204).send()
  })
})

// What the customer sent is the customer's to mend, whether Fastify refuses it or the service. All else is ours: 401 and
// 403 of the service speak of the shop's own key.
app.setErrorHandler((error, _request, reply) => {
  const status = error.statusCode ?? error.status
  if ([400, 404, 409].includes(status))
    return reply.code(status).send({ detail: error.detail ?? error.message, errors: error.errors })
  console.error(error)
  return reply.code(500).send({ detail: 'It is not your fault.' })
})

// The last uses are told to the service, so that it knows which keys are in use.
app.addHook('onClose', () => verifier.close())
process.once('SIGTERM', () => app.close())

const url = await app.listen({ port: Number(process.env.PORT ?? 3000), host: '127.0.0.1' })
console.log(`the shop is open at ${url}`)
