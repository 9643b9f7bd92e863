// A shop with an API: customers look at their orders and place some, make keys of their own and delete them.
// LATCHKEY_URL and LATCHKEY_API_KEY: the key of an admin, in a company of the shop's own. PORT: where it listens.
import { findKeyOf, keyOf, Latchkey } from '@latchkey/client'
import { requireKey } from '@latchkey/client/express'
import express from 'express'

const latchkey = new Latchkey()
const verifier = latchkey.verifier()
const app = express()

const PRICES = { tea: 4, coffee: 5 }
/** Of each customer, by the user that its keys stand for. */
const orders = new Map()

/** Every guard of the shop. Before it stands a proxy, on this machine. */
const guard = (more) =>
  requireKey({ verifier, clientAddress: { trustedProxies: ['127.0.0.0/8', '::1'] }, ...more })

// Everybody may look. Whoever has a key pays less, and a bad key is told so.
app.get('/prices', guard({ optional: true }), (request, response) => {
  const discount = findKeyOf(request) === undefined ? 0 : 1
  response.json(Object.fromEntries(Object.entries(PRICES).map(([item, price]) => [item, price - discount])))
})

// One guard for all that is below an address, and only then the body.
const byMethod = (request) => [request.method === 'GET' ? 'orders:read' : 'orders:write']
app.use('/orders', guard({ permissions: byMethod }), express.json())

app.get('/orders', (request, response) => {
  response.json(orders.get(keyOf(request).userId) ?? [])
})

app.post('/orders', (request, response) => {
  const { userId, keyId } = keyOf(request)
  const { item } = request.body ?? {}
  if (!Object.hasOwn(PRICES, item)) return response.status(422).json({ detail: 'item: tea or coffee.' })
  const order = { item, price: PRICES[item] - 1, orderedBy: keyId }
  orders.set(userId, [...(orders.get(userId) ?? []), order])
  response.status(201).json(order)
})

// A new customer gets a first key, which may do all that the shop's customers may, and make keys that may do less.
app.post('/customers', express.json(), async (request, response) => {
  const { id } = await latchkey.users.create({ name: request.body?.name, role: 'developer' })
  const { key } = await latchkey.keys.create({ userId: id, permissions: ['orders:*', 'shop:keys'] })
  response.status(201).json({ key })
})

app.use('/keys', guard({ permission: 'shop:keys' }), express.json())

app.get('/keys', async (request, response) => {
  const keys = []
  for await (const { id, description, lastUsedAt } of latchkey.keys.list({ userId: keyOf(request).userId }))
    keys.push({ id, description, lastUsedAt })
  response.json(keys)
})

app.post('/keys', async (request, response) => {
  const { description, whitelistedIPs } = request.body ?? {}
  const { id, key } = await latchkey.keys.create({
    userId: keyOf(request).userId,
    permissions: ['orders:read'],
    description,
    whitelistedIPs,
  })
  response.status(201).json({ id, key })
})

// When this answers, the key is refused: here, and wherever else it is asked about.
app.delete('/keys/:id', async (request, response) => {
  const { userId } = await latchkey.keys.get(request.params.id)
  if (userId !== keyOf(request).userId) return response.status(404).json({ detail: 'You have no such key.' })
  await latchkey.keys.delete(request.params.id)
  response.status(204).end()
})

// What the customer sent is the customer's to mend, whether Express refuses it or the service. All else is ours: 401 and
// 403 of the service speak of the shop's own key.
app.use((error, _request, response, _next) => {
  if ([400, 404, 409].includes(error.status))
    return response.status(error.status).json({ detail: error.detail ?? error.message, errors: error.errors })
  console.error(error)
  response.status(500).json({ detail: 'It is not your fault.' })
})

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`the shop is open at http://127.0.0.1:${server.address().port}`)
})

// The last uses are told to the service, so that it knows which keys are in use.
process.once('SIGTERM', () => {
  server.close(() => verifier.close())
})
